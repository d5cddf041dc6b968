package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/docker/spdystream"
)

const replyTimeout = 30 * time.Second

// upgrade asks for SPDY and returns the connection and the sub-protocol.
func upgrade(address string, protocols []string) (*spdystream.Connection, string) {
	where, err := url.Parse(address)
	check(err)
	raw, err := net.Dial("tcp", where.Host)
	check(err)
	request, err := http.NewRequest("POST", address, nil)
	check(err)
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "SPDY/3.1")
	for _, protocol := range protocols {
		request.Header.Add(fieldProtocol, protocol)
	}
	check(request.Write(raw))
	reader := bufio.NewReader(raw)
	response, err := http.ReadResponse(reader, request)
	check(err)
	if response.StatusCode != http.StatusSwitchingProtocols {
		body, _ := io.ReadAll(response.Body)
		check(fmt.Errorf("unable to upgrade connection: %d %s", response.StatusCode, body))
	}
	// As in Kubernetes: what the reader has read behind the head is gone.
	conn, err := spdystream.NewConnection(raw, false)
	check(err)
	go conn.Serve(spdystream.NoOpStreamHandler)
	go func() {
		for {
			select {
			case <-conn.CloseChan():
				return
			case <-time.After(time.Second):
				conn.Ping()
			}
		}
	}()
	return conn, response.Header.Get(fieldProtocol)
}

// open makes a stream and waits until it is accepted.
func open(conn *spdystream.Connection, headers http.Header) (*spdystream.Stream, error) {
	stream, err := conn.CreateStream(headers, nil, false)
	if err != nil {
		return nil, err
	}
	return stream, stream.WaitTimeout(replyTimeout)
}

func execClient(args []string) {
	address := args[0]
	protocols := []string{protocolV4, protocolV3, protocolV2, protocolV1}
	input := -1
	sizes := []string{}
	pause := 0
	for i := 1; i+1 < len(args); i += 2 {
		switch args[i] {
		case "-p":
			protocols = []string{args[i+1]}
		case "-i":
			input, _ = strconv.Atoi(args[i+1])
		case "-sleep":
			pause, _ = strconv.Atoi(args[i+1])
		case "-tty":
			sizes = strings.Split(args[i+1], ",")
		}
	}
	tty := len(sizes) > 0
	conn, protocol := upgrade(address, protocols)
	streams := map[string]*spdystream.Stream{}
	kinds := []string{"error"}
	if input >= 0 {
		kinds = append(kinds, "stdin")
	}
	kinds = append(kinds, "stdout")
	if !tty {
		kinds = append(kinds, "stderr")
	}
	if tty && (protocol == protocolV4 || protocol == protocolV3) {
		kinds = append(kinds, "resize")
	}
	for _, kind := range kinds {
		stream, err := open(conn, header(fieldType, kind))
		check(err)
		streams[kind] = stream
	}
	if resize := streams["resize"]; resize != nil {
		for _, size := range sizes {
			var columns, rows int
			fmt.Sscanf(size, "%dx%d", &columns, &rows)
			fmt.Fprintf(resize, "{\"Width\":%d,\"Height\":%d}\n", columns, rows)
		}
	}
	if stdin := streams["stdin"]; stdin != nil {
		go io.Copy(io.Discard, stdin)
		go func() {
			source := &pattern{size: input}
			for {
				piece := make([]byte, pieceSize)
				n := source.fill(piece)
				if n == 0 {
					break
				}
				if _, err := stdin.Write(piece[:n]); err != nil {
					return
				}
			}
			if protocol != protocolV1 {
				stdin.Close()
			}
		}()
	}
	result := map[string]interface{}{"protocol": protocol}
	var lock sync.Mutex
	var done sync.WaitGroup
	for _, kind := range []string{"stdout", "stderr"} {
		stream := streams[kind]
		if stream == nil {
			continue
		}
		done.Add(1)
		go func(kind string) {
			defer done.Done()
			seen := newDigest()
			time.Sleep(time.Duration(pause) * time.Millisecond)
			io.Copy(seen, stream)
			lock.Lock()
			result[kind] = seen.report()
			lock.Unlock()
		}(kind)
	}
	if protocol != protocolV1 {
		done.Add(1)
		go func() {
			defer done.Done()
			text, _ := io.ReadAll(streams["error"])
			lock.Lock()
			result["error"] = string(text)
			lock.Unlock()
		}()
	}
	done.Wait()
	if protocol == protocolV4 {
		var status map[string]interface{}
		json.Unmarshal([]byte(result["error"].(string)), &status)
		result["status"] = status
	}
	closeAll(conn, streams)
	printJSON(result)
}

func forwardClient(args []string) {
	port := args[1]
	count, _ := strconv.Atoi(args[2])
	size, _ := strconv.Atoi(args[3])
	finish := len(args) > 4 && args[4] == "finish"
	conn, _ := upgrade(args[0], []string{protocolPorts})
	body := make([]byte, size)
	(&pattern{size: size}).fill(body)
	var lock sync.Mutex
	var done sync.WaitGroup
	ok, faults := 0, []string{}
	for i := 0; i < count; i++ {
		done.Add(1)
		go func(id string) {
			defer done.Done()
			// One behind the other as kubectl opens them: ids must grow.
			lock.Lock()
			fault, err := open(conn, header(fieldType, "error", fieldPort, port, fieldRequest, id))
			if err == nil {
				fault.Close()
			}
			var data *spdystream.Stream
			if err == nil {
				data, err = open(conn, header(fieldType, "data", fieldPort, port, fieldRequest, id))
			}
			lock.Unlock()
			if err != nil {
				lock.Lock()
				faults = append(faults, err.Error())
				lock.Unlock()
				return
			}
			text := make(chan string, 1)
			go func() {
				said, _ := io.ReadAll(fault)
				text <- string(said)
			}()
			go func() {
				for at := 0; at < size; at += pieceSize {
					end := at + pieceSize
					if end > size {
						end = size
					}
					data.Write(body[at:end])
				}
				if finish {
					data.Close()
				}
			}()
			var got []byte
			if finish {
				got, _ = io.ReadAll(data)
			} else {
				got = make([]byte, size)
				n, _ := io.ReadFull(data, got)
				got = got[:n]
				data.Close()
				io.Copy(io.Discard, data)
			}
			said := <-text
			lock.Lock()
			if said != "" {
				faults = append(faults, said)
			} else if bytes.Equal(got, body) {
				ok++
			}
			lock.Unlock()
		}(strconv.Itoa(i))
	}
	done.Wait()
	conn.Close()
	printJSON(map[string]interface{}{"ok": ok, "faults": faults})
}
