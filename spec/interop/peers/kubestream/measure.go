package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// measure runs a program on the descriptors that it has itself, and writes to descriptor 3 what that took: seconds of time and of CPU,
// KiB of memory at most, and the exit code. SIGTERM ends the program.
func measure(args []string) {
	command := exec.Command(args[0], args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	started := time.Now()
	check(command.Start())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		for range signals {
			command.Process.Signal(syscall.SIGTERM)
		}
	}()
	command.Wait()
	state := command.ProcessState
	text, _ := json.Marshal(map[string]interface{}{
		"seconds": time.Since(started).Seconds(),
		"cpu":     (state.UserTime() + state.SystemTime()).Seconds(),
		"kib":     state.SysUsage().(*syscall.Rusage).Maxrss,
		"code":    state.ExitCode(),
	})
	os.NewFile(3, "report").Write(text)
}
