package postgres

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// connectTimeout is how long each host may take to answer, unless the URL has a
// connect_timeout.
const connectTimeout = 2 * time.Second

// Check looks at a URL and connects to nothing. open is a host that the URL lets
// talk in clear text or without proof of who it is, "" where there is none. No
// error holds a password.
func Check(url string) (open string, err error) {
	config, err := parse(url)
	if err != nil {
		return "", err
	}
	if !protected(config.Host, config.TLSConfig) {
		return config.Host, nil
	}
	for _, other := range config.Fallbacks {
		if !protected(other.Host, other.TLSConfig) {
			return other.Host, nil
		}
	}
	return "", nil
}

// Place names the hosts and the database of a URL, without anything secret.
func Place(url string) string {
	config, err := parse(url)
	if err != nil {
		return ""
	}
	return place(config)
}

func parse(text string) (*pgx.ConnConfig, error) {
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return nil, errors.New(`a URL begins with "postgres://"`)
	}
	parsed, err := url.Parse(text)
	if err != nil { // its text holds the URL
		return nil, errors.New("this is no URL: a character of the name or the password may have to be written as %XX")
	}
	config, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("reading the URL of the database: %w", err)
	}
	if !parsed.Query().Has("connect_timeout") {
		config.ConnectTimeout = connectTimeout
	}
	if config.ValidateConnect == nil { // whatever else answers there is no primary
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "vpn-otpd"
	}
	return config, nil
}

func place(config *pgx.ConnConfig) string {
	var hosts []string
	add := func(host string, port uint16) {
		if name := net.JoinHostPort(host, strconv.Itoa(int(port))); !slices.Contains(hosts, name) {
			hosts = append(hosts, name)
		}
	}
	add(config.Host, config.Port)
	for _, other := range config.Fallbacks {
		add(other.Host, other.Port)
	}
	return strings.Join(hosts, ",") + "/" + config.Database
}

// protected reports whether nobody between here and a host can read along or
// answer in its place.
func protected(host string, c *tls.Config) bool {
	if strings.HasPrefix(host, "/") || host == "localhost" {
		return true
	}
	if address, err := netip.ParseAddr(host); err == nil && address.IsLoopback() {
		return true
	}
	return c != nil && (!c.InsecureSkipVerify || c.VerifyPeerCertificate != nil || c.VerifyConnection != nil)
}
