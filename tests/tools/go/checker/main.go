// Checker reads a ledger's log over HTTP with the API key in KEY and checks it with implementations that are not ours:
//
//	checker BASE VKEY
//
// BASE is the URL of /v1/proof. It prints what it has checked, a line each, and exits with 1 at the first thing that
// does not hold.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is that of C2SP tlog-tiles: 256 hashes a tile.
const tileHeight = 8

type log struct{ base string }

func main() {
	l := log{strings.TrimSuffix(os.Args[1], "/")}
	verifier, err := note.NewVerifier(os.Args[2])
	must(err)
	tree := checkpoint(l.get("checkpoint"), verifier)
	fmt.Printf("checkpoint %d\n", tree.N)
	reader := tlog.TileHashReader(tree, l)
	bodies := l.entries(tree.N)
	for i, body := range bodies {
		path, err := tlog.ProveRecord(tree.N, int64(i), reader)
		must(err)
		must(tlog.CheckRecord(path, tree.N, tree.Hash, int64(i), tlog.RecordHash(body)))
	}
	fmt.Printf("records %d\n", len(bodies))
	l.checkOurProofs(tree, reader, bodies)
	l.checkBundles(tree, verifier, bodies)
}

// checkOurProofs checks the server's inclusion and consistency proofs with transparency-dev/merkle and with tlog.
func (l log) checkOurProofs(tree tlog.Tree, reader tlog.HashReader, bodies [][]byte) {
	sizes := some(tree.N)
	for _, n := range sizes {
		leaf := rfc6962.DefaultHasher.HashLeaf(bodies[n-1])
		path := l.hashes(fmt.Sprintf("inclusion?seq=%d&size=%d", n, tree.N))
		must(proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(n-1), uint64(tree.N), leaf, path, tree.Hash[:]))
		old, err := tlog.TreeHash(n, reader)
		must(err)
		grown := l.hashes(fmt.Sprintf("consistency?old_size=%d&size=%d", n, tree.N))
		must(proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(n), uint64(tree.N), grown, old[:], tree.Hash[:]))
		if n < tree.N {
			must(tlog.CheckTree(asTreeProof(grown), tree.N, tree.Hash, n, old))
		}
	}
	fmt.Printf("proofs %d\n", 2*len(sizes))
}

// checkBundles checks tlog-proof bundles, whose checkpoint may be later than ours.
func (l log) checkBundles(tree tlog.Tree, verifier note.Verifier, bodies [][]byte) {
	sizes := some(tree.N)
	for _, n := range sizes {
		head, signed, _ := bytes.Cut(l.get(fmt.Sprintf("events/%d", n)), []byte("\n\n"))
		later := checkpoint(signed, verifier)
		lines := strings.Split(string(head), "\n")
		if lines[0] != "c2sp.org/tlog-proof@v1" || lines[2] != fmt.Sprintf("index %d", n-1) {
			fail("not a tlog-proof: %q", head)
		}
		extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
		must(err)
		if !bytes.Equal(extra, bodies[n-1]) {
			fail("the extra data is not event %d", n)
		}
		leaf := rfc6962.DefaultHasher.HashLeaf(extra)
		must(proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(n-1), uint64(later.N), leaf, decode(lines[3:]), later.Hash[:]))
	}
	fmt.Printf("bundles %d\n", len(sizes))
}

// checkpoint opens a signed note and reads the tree head in it.
func checkpoint(signed []byte, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		fail("not a checkpoint: %q", opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}
}

// some gives sizes up to n: the first ones, the edges of tiles, the last ones, a few between.
func some(n int64) []int64 {
	var found []int64
	for i := int64(1); i <= n; i++ {
		if i < 4 || i%256 < 2 || i%256 == 255 || i%97 == 0 || i > n-3 {
			found = append(found, i)
		}
	}
	return found
}

// entries reads all bundles.
func (l log) entries(size int64) [][]byte {
	var bodies [][]byte
	for n := int64(0); n*256 < size; n++ {
		path := strings.TrimPrefix(tlog.Tile{H: tileHeight, L: 0, N: n, W: width(size, n)}.Path(), "tile/8/0/")
		rest := l.get("tile/entries/" + path)
		for len(rest) > 0 {
			length := int(binary.BigEndian.Uint16(rest))
			bodies = append(bodies, rest[2:2+length])
			rest = rest[2+length:]
		}
	}
	if int64(len(bodies)) != size {
		fail("%d entries in a log of %d", len(bodies), size)
	}
	return bodies
}

func width(size, tile int64) int {
	if rest := size - tile*256; rest < 256 {
		return int(rest)
	}
	return 256
}

// Height, ReadTiles and SaveTiles make the log a tlog.TileReader, which checks each tile against the tree's hash.
func (l log) Height() int { return tileHeight }

func (l log) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		data = append(data, l.get("tile/"+strings.TrimPrefix(tile.Path(), "tile/8/")))
	}
	return data, nil
}

func (l log) SaveTiles([]tlog.Tile, [][]byte) {}

func (l log) hashes(path string) [][]byte {
	var told struct{ Hashes []string }
	must(json.Unmarshal(l.get(path), &told))
	return decode(told.Hashes)
}

func decode(lines []string) [][]byte {
	found := [][]byte{}
	for _, line := range lines {
		hash, err := base64.StdEncoding.DecodeString(line)
		must(err)
		found = append(found, hash)
	}
	return found
}

func asTreeProof(hashes [][]byte) tlog.TreeProof {
	var found tlog.TreeProof
	for _, hash := range hashes {
		var h tlog.Hash
		copy(h[:], hash)
		found = append(found, h)
	}
	return found
}

var cache = map[string][]byte{}

func (l log) get(path string) []byte {
	if kept, ok := cache[path]; ok {
		return kept
	}
	request, err := http.NewRequest("GET", l.base+"/"+path, nil)
	must(err)
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEY"))
	response, err := http.DefaultClient.Do(request)
	must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(err)
	if response.StatusCode != 200 {
		fail("%s: %s %s", path, response.Status, body)
	}
	cache[path] = body
	return body
}

func must(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, facts ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", facts...)
	os.Exit(1)
}
