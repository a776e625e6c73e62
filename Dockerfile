FROM python:3.12-slim
WORKDIR /zerosum
COPY requirements-sinks.txt .
RUN pip install --no-cache-dir -r requirements-sinks.txt
COPY app app
COPY relay relay
COPY sql sql
COPY pyproject.toml .
RUN useradd --system zerosum
USER zerosum
ENV ZEROSUM_HOST=0.0.0.0 PYTHONUNBUFFERED=1
CMD ["python", "-m", "app", "serve"]
