package serve

import (
	"crypto/subtle"
	"net"
	"net/http"
	"strings"
)

// policy is the Content-Security-Policy of all answers. It lets the page load what this server has,
// and nothing else: a script in a file that is shown cannot run, and nothing can be sent elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard passes on the requests of a browser that was given the address. A page of another site can
// make the browser send requests too, but it does not know the token, and its Origin differs. If it
// makes a name of its own resolve to the loopback (DNS rebinding), the Host differs.
func (s *Server) guard(host string, next http.Handler) http.Handler {
	hosts := map[string]bool{host: true}
	if _, port, err := net.SplitHostPort(host); err == nil {
		hosts["localhost:"+port] = true
		hosts["127.0.0.1:"+port] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch origin := r.Header.Get("Origin"); {
		case !hosts[r.Host]:
			http.Error(w, "unknown host", http.StatusForbidden)
		case origin != "" && origin != "http://"+r.Host:
			http.Error(w, "a page of another site asks", http.StatusForbidden)
		case !s.knowsToken(r.URL.Path):
			http.Error(w, "the address lacks the token that unpkl serve printed",
				http.StatusForbidden)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "nothing can be changed here", http.StatusMethodNotAllowed)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// knowsToken reports whether a path begins with the token. It takes the same time however much of
// the token is right.
func (s *Server) knowsToken(path string) bool {
	token, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) == 1
}
