"""`zerosum mcp`: the API for agents, by the Model Context Protocol over standard input and output.

The server that it asks decides by the API key, as for everybody. It needs the extra `mcp`.
"""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import httpx
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from app.cli.agent_tools import Tool, tools
from app.version import VERSION

TIMEOUT_S = 30.0
TRIES, LONGEST_S = 4, 2.0
INSTRUCTIONS = (
    "Zerosum is a wallet engine that keeps other people's money. Read before you move. Before you move "
    "anything, make a dry run, show what it would do, and let the person decide."
)


class Agents:
    """run() answers an agent until it leaves."""

    def __init__(self, url: str, key: str, read_only: bool) -> None:
        self.tools = {tool.name: tool for tool in tools(read_only)}
        # Strings: an agent's numbers may end at 2^53.
        headers = {"Authorization": f"Bearer {key}", "Zerosum-Amounts": "string"}
        self.http = httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT_S)

    async def run(self) -> None:
        server: Server[Any] = Server(
            "zerosum",
            version=VERSION,
            instructions=INSTRUCTIONS,
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
        )
        async with self.http, stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    async def list_tools(self, *_: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[described(tool) for tool in self.tools.values()])

    async def call_tool(self, _: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Call the API. A refusal is an error whose text is the problem body."""
        tool = self.tools.get(params.name)
        if tool is None:
            return told(f"there is no tool {params.name} here", is_error=True)
        arguments = params.arguments or {}
        unknown = arguments.keys() - tool.schema["properties"].keys()
        missing = [name for name in tool.schema["required"] if name not in arguments]
        if unknown or missing:
            # An unknown argument, such as dryrun, must not become a transfer that is real.
            reason = f"unknown: {', '.join(sorted(unknown))}; missing: {', '.join(missing)}"
            return told(f"nothing was done; these arguments do not fit: {reason}", is_error=True)
        try:
            answer = await self.ask(tool, arguments)
        except httpx.TransportError as error:
            return told(
                f"no answer came ({error or type(error).__name__}); "
                "to learn what became of it, call this again with the same idempotency_key",
                is_error=True,
            )
        return told(answer.text, is_error=not answer.is_success)

    async def ask(self, tool: Tool, arguments: dict[str, Any]) -> httpx.Response:
        """Send a request, again with the same key while its outcome is unknown. Raises
        TransportError."""
        path, query, body = tool.request(arguments)
        headers = {"Idempotency-Key": str(arguments["idempotency_key"])} if tool.moves else {}
        for left in range(TRIES - 1, -1, -1):
            try:
                answer = await self.http.request(
                    tool.method, path, params=query, json=body, headers=headers
                )
                if answer.status_code != 503 or not left:
                    return answer
            except httpx.TransportError:
                if not left:
                    raise
            await asyncio.sleep(random.uniform(0, LONGEST_S))  # noqa: S311
        raise AssertionError("unreachable")


def described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=tool.schema,
        annotations=types.ToolAnnotations(
            read_only_hint=not tool.moves,
            destructive_hint=tool.moves,
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )


def told(text: str, is_error: bool) -> types.CallToolResult:
    content = types.TextContent(type="text", text=text or json.dumps(None))
    return types.CallToolResult(content=[content], is_error=is_error)
