package main

import (
	"fmt"
	"net/http"
	"strings"
)

// What kubectl asks an API server for before it opens streams. Every pod runs, and has the files of this machine.
var discovery = map[string]string{
	"/api":    `{"kind":"APIVersions","versions":["v1"]}`,
	"/apis":   `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`,
	"/api/v1": `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","namespaced":true,"kind":"Pod","verbs":["get"]}]}`,
}

// answerQuestion answers a GET that is not for streams; false for anything else.
func answerQuestion(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet || r.Header.Get("Upgrade") != "" {
		return false
	}
	body, known := discovery[r.URL.Path]
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) == 6 && parts[2] == "namespaces" && parts[4] == "pods" {
		known = true
		body = fmt.Sprintf(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"%s","namespace":"%s"},`+
			`"spec":{"containers":[{"name":"c1"}]},"status":{"phase":"Running"}}`, parts[5], parts[3])
	}
	if !known {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, body)
	return true
}
