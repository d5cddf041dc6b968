package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/docker/spdystream"
)

const creationTimeout = 30 * time.Second

// buffered is a connection of which the HTTP server may have read too much already.
type buffered struct {
	net.Conn
	reader io.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.reader.Read(p) }

func serve(address string) {
	listener, err := net.Listen("tcp", address)
	check(err)
	fmt.Printf("listening plain=%d\n", listener.Addr().(*net.TCPAddr).Port)
	check(http.Serve(listener, http.HandlerFunc(handle)))
}

func handle(w http.ResponseWriter, r *http.Request) {
	if answerQuestion(w, r) {
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	action := strings.ToLower(parts[0])
	// API servers name the action last.
	if parts[0] == "api" {
		action = strings.ToLower(parts[len(parts)-1])
	}
	supported := []string{protocolV4, protocolV3, protocolV2, protocolV1}
	if action == "portforward" {
		supported = []string{protocolPorts}
	}
	if only := r.URL.Query().Get("only"); only != "" {
		supported = []string{only}
	}
	chosen, offered := "", 0
	for _, line := range r.Header.Values(fieldProtocol) {
		for _, name := range strings.Split(line, ",") {
			offered++
			for _, known := range supported {
				if chosen == "" && strings.TrimSpace(name) == known {
					chosen = known
				}
			}
		}
	}
	if !strings.Contains(strings.ToLower(r.Header.Get("Upgrade")), "spdy/3.1") || offered == 0 {
		http.Error(w, "unable to upgrade: SPDY/3.1 and a sub-protocol are needed", http.StatusBadRequest)
		return
	}
	if chosen == "" {
		for _, name := range supported {
			w.Header().Add("X-Accepted-Stream-Protocol-Versions", name)
		}
		http.Error(w, "unable to upgrade: no common sub-protocol", http.StatusForbidden)
		return
	}
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", "SPDY/3.1")
	w.Header().Set(fieldProtocol, chosen)
	w.WriteHeader(http.StatusSwitchingProtocols)
	raw, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	conn, err := spdystream.NewConnection(&buffered{raw, rw.Reader}, true)
	if err != nil {
		raw.Close()
		return
	}
	if action == "portforward" {
		servePorts(conn)
	} else {
		serveCommand(conn, r, chosen, action == "attach")
	}
}

// closer ends a connection as the server side of Kubernetes does: RST_STREAM for what it has not finished, GOAWAY, close at once.
func closeAll(conn *spdystream.Connection, streams map[string]*spdystream.Stream) {
	for _, stream := range streams {
		stream.Reset()
	}
	conn.Close()
}

func isTrue(r *http.Request, names ...string) bool {
	for _, name := range names {
		if value := r.URL.Query().Get(name); value == "1" || value == "true" {
			return true
		}
	}
	return false
}

func serveCommand(conn *spdystream.Connection, r *http.Request, protocol string, attach bool) {
	tty := isTrue(r, "tty")
	expected := map[string]bool{"error": true}
	if isTrue(r, "stdin", "input") {
		expected["stdin"] = true
	}
	if isTrue(r, "stdout", "output") {
		expected["stdout"] = true
	}
	if isTrue(r, "stderr", "error") && !tty {
		expected["stderr"] = true
	}
	if tty && (protocol == protocolV4 || protocol == protocolV3) {
		expected["resize"] = true
	}
	arrived := make(chan *spdystream.Stream, 100)
	go conn.Serve(func(stream *spdystream.Stream) {
		stream.SendReply(http.Header{}, false)
		arrived <- stream
	})
	streams := map[string]*spdystream.Stream{}
	deadline := time.After(creationTimeout)
	for len(streams) < len(expected) {
		select {
		case stream := <-arrived:
			if kind := stream.Headers().Get(fieldType); expected[kind] {
				streams[kind] = stream
			}
		case <-deadline:
			conn.Close()
			return
		case <-conn.CloseChan():
			conn.Close()
			return
		}
	}
	if protocol == protocolV1 {
		// As the old servers: nothing more is expected on these.
		streams["error"].Reset()
		if stdin := streams["stdin"]; stdin != nil {
			stdin.Close()
		}
	}
	var code int
	var failure error
	switch {
	case attach:
		echoLines(streams)
	case len(r.URL.Query()["command"]) == 0:
		failure = fmt.Errorf("no command")
	default:
		code, failure = runCommand(r.URL.Query()["command"], streams)
	}
	for _, kind := range []string{"stdout", "stderr"} {
		if stream := streams[kind]; stream != nil {
			stream.Close()
		}
	}
	writeStatus(streams["error"], protocol, code, failure)
	closeAll(conn, streams)
}

// runCommand starts a local process on the streams. "resize" as the program echoes the sizes of the terminal instead.
func runCommand(argv []string, streams map[string]*spdystream.Stream) (int, error) {
	if argv[0] == "resize" {
		return echoSizes(argv, streams), nil
	}
	command := exec.Command(argv[0], argv[1:]...)
	if stdin := streams["stdin"]; stdin != nil {
		pipe, err := command.StdinPipe()
		if err != nil {
			return 0, err
		}
		// The process is not waited for by this: its end need not wait for the end of the client's input.
		go func() {
			io.Copy(pipe, stdin)
			pipe.Close()
		}()
	}
	if stdout := streams["stdout"]; stdout != nil {
		command.Stdout = stdout
	}
	if stderr := streams["stderr"]; stderr != nil {
		command.Stderr = stderr
	}
	err := command.Run()
	if exit, ok := err.(*exec.ExitError); ok {
		if code := exit.ExitCode(); code >= 0 {
			return code, nil
		}
		return 137, nil
	}
	return 0, err
}

// echoSizes prints as many terminal sizes as the second word says.
func echoSizes(argv []string, streams map[string]*spdystream.Stream) int {
	count, _ := strconv.Atoi(argv[1])
	if streams["resize"] == nil {
		return 1
	}
	decoder := json.NewDecoder(streams["resize"])
	for i := 0; i < count; i++ {
		var size struct{ Width, Height uint16 }
		if decoder.Decode(&size) != nil {
			return 1
		}
		fmt.Fprintf(streams["stdout"], "%d %d\r\n", size.Height, size.Width)
	}
	return 0
}

// echoLines plays a process that was there before the client: it says each line again and leaves at "quit", or with its input.
func echoLines(streams map[string]*spdystream.Stream) {
	fmt.Fprint(streams["stdout"], "attached\n")
	if streams["stdin"] == nil {
		return
	}
	lines := bufio.NewScanner(streams["stdin"])
	for lines.Scan() {
		fmt.Fprintf(streams["stdout"], "got:%s\n", lines.Text())
		if lines.Text() == "quit" {
			return
		}
	}
}

func writeStatus(stream *spdystream.Stream, protocol string, code int, failure error) {
	message := ""
	if failure != nil {
		message = "error executing command: " + failure.Error()
	} else if code != 0 {
		message = fmt.Sprintf("command terminated with exit code %d", code)
	}
	if protocol != protocolV4 {
		if message != "" {
			fmt.Fprint(stream, message)
		}
		return
	}
	status := map[string]interface{}{"metadata": map[string]string{}, "status": "Success"}
	if message != "" {
		status["status"] = "Failure"
		status["message"] = message
		if failure == nil {
			status["reason"] = "NonZeroExitCode"
			cause := map[string]string{"reason": "ExitCode", "message": strconv.Itoa(code)}
			status["details"] = map[string]interface{}{"causes": []interface{}{cause}}
		} else {
			status["reason"] = "InternalError"
			status["code"] = 500
		}
	}
	text, _ := json.Marshal(status)
	stream.Write(text)
}

type pair struct{ data, fault *spdystream.Stream }

// servePorts pairs the streams of each connection by their request id.
func servePorts(conn *spdystream.Connection) {
	var lock sync.Mutex
	pairs := map[string]*pair{}
	go func() {
		<-conn.CloseChan()
		conn.Close()
	}()
	conn.Serve(func(stream *spdystream.Stream) {
		headers := stream.Headers()
		port, err := strconv.ParseUint(headers.Get(fieldPort), 10, 16)
		kind := headers.Get(fieldType)
		if err != nil || port == 0 || (kind != "data" && kind != "error") {
			stream.Reset()
			return
		}
		stream.SendReply(http.Header{}, false)
		lock.Lock()
		defer lock.Unlock()
		id := headers.Get(fieldRequest)
		found := pairs[id]
		if found == nil {
			found = &pair{}
			pairs[id] = found
		}
		if kind == "data" {
			found.data = stream
		} else {
			found.fault = stream
		}
		if found.data != nil && found.fault != nil {
			delete(pairs, id)
			go servePort(*found, port)
		}
	})
}

func servePort(streams pair, port uint64) {
	target, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		streams.data.Close()
		fmt.Fprintf(streams.fault, "error forwarding port %d to pod p1, uid : failed to connect to localhost:%d", port, port)
		streams.fault.Close()
		return
	}
	var both sync.WaitGroup
	both.Add(2)
	go func() {
		defer both.Done()
		io.Copy(target, streams.data)
		target.(*net.TCPConn).CloseWrite()
	}()
	go func() {
		defer both.Done()
		io.Copy(streams.data, target)
		streams.data.Close()
	}()
	both.Wait()
	target.Close()
	streams.fault.Close()
}
