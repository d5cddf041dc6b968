// Kubernetes' streaming protocol on spdystream (Debian golang-github-docker-spdystream-dev), both sides, over plain TCP: what
// kubelets and container runtimes do, and what kubectl does, without their code.
//
//	kubestream server [ADDRESS]            (127.0.0.1:0) prints the port; knows /exec?command=..&input=1&output=1&error=1&tty=1,
//	                                       /attach (echoes lines), /portforward; `only=v2.channel.k8s.io` takes one sub-protocol;
//	                                       answers what kubectl asks for before
//	kubestream exec URL [-p PROTOCOL] [-i BYTES] [-tty COLSxROWS,..]   runs what the URL says; stdin is a pattern of BYTES
//	kubestream forward URL PORT N BYTES [finish]   N connections to PORT at once, each sends BYTES and reads the same back
//	kubestream source [ADDRESS]            prints the port; sends each connection as many bytes as its first line says
//	kubestream drain ADDRESS N BYTES       N connections to that at once
//	kubestream measure PROGRAM...          runs it, and writes what it took to descriptor 3
//
// The clients print one line of JSON.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

const (
	fieldProtocol = "X-Stream-Protocol-Version"
	fieldType     = "streamtype"
	fieldPort     = "port"
	fieldRequest  = "requestid"
	protocolV1    = "channel.k8s.io"
	protocolV2    = "v2.channel.k8s.io"
	protocolV3    = "v3.channel.k8s.io"
	protocolV4    = "v4.channel.k8s.io"
	protocolPorts = "portforward.k8s.io"
	// What io.Copy moves at once, so the size of a frame.
	pieceSize = 32768
)

// digest counts and hashes what is written to it.
type digest struct {
	bytes int
	hash  interface {
		Write([]byte) (int, error)
		Sum([]byte) []byte
	}
	head []byte
}

func newDigest() *digest { return &digest{hash: sha256.New()} }

func (d *digest) Write(p []byte) (int, error) {
	d.bytes += len(p)
	if room := 200 - len(d.head); room > 0 {
		if room > len(p) {
			room = len(p)
		}
		d.head = append(d.head, p[:room]...)
	}
	return d.hash.Write(p)
}

func (d *digest) report() map[string]interface{} {
	return map[string]interface{}{"bytes": d.bytes, "sha256": hex.EncodeToString(d.hash.Sum(nil)), "head": string(d.head)}
}

// pattern reads as bytes i modulo 256.
type pattern struct{ at, size int }

func (p *pattern) fill(piece []byte) int {
	n := 0
	for n < len(piece) && p.at < p.size {
		piece[n] = byte(p.at)
		n++
		p.at++
	}
	return n
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func printJSON(value interface{}) {
	text, _ := json.Marshal(value)
	fmt.Println(string(text))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: kubestream server | exec URL ... | forward URL PORT N BYTES [finish] | source | drain ADDRESS N BYTES | measure PROGRAM ...")
		os.Exit(2)
	}
	address := "127.0.0.1:0"
	if len(os.Args) > 2 {
		address = os.Args[2]
	}
	switch os.Args[1] {
	case "server":
		serve(address)
	case "source":
		source(address)
	case "drain":
		drain(os.Args[2:])
	case "measure":
		measure(os.Args[2:])
	case "exec":
		execClient(os.Args[2:])
	case "forward":
		forwardClient(os.Args[2:])
	}
}
