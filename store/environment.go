package store

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Schemes returns the schemes of URLs for which [Environment] has a store: s3 and gs.
func Schemes() []string { return []string{"s3", "gs"} }

// Environment returns the store for URLs of a scheme, configured by environment variables:
//
//   - s3: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, a URL, by default Amazon's; AWS_REGION or
//     AWS_DEFAULT_REGION; AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN
//   - gs: GS_ENDPOINT_URL, by default Google's; GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY, which
//     are HMAC keys. Google's store is used through the protocol of S3, which it supports.
//
// Without keys, requests are anonymous, for public objects.
func Environment(scheme string) (*Store, error) {
	c := S3Config{Scheme: scheme}
	endpoint := ""
	switch scheme {
	case "s3":
		endpoint = cmp.Or(os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"),
			"https://s3.amazonaws.com")
		c.Region = cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
	case "gs":
		endpoint = cmp.Or(os.Getenv("GS_ENDPOINT_URL"), "https://storage.googleapis.com")
		c.Region = "auto"
		c.AccessKey, c.SecretKey = os.Getenv("GS_ACCESS_KEY_ID"), os.Getenv("GS_SECRET_ACCESS_KEY")
		c.anonymous = c.AccessKey == "" && c.SecretKey == ""
	default:
		return nil, fmt.Errorf("store: there are stores for %s, not for %q",
			strings.Join(Schemes(), " and "), scheme)
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
		strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("store: the endpoint %q is no http:// or https:// with a host alone",
			endpoint)
	}
	c.Endpoint, c.Insecure = u.Host, u.Scheme == "http"
	return S3(c)
}
