package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is the page's own, read again when its files have changed. A pair
// that can't be used, or isn't whole yet, leaves the old one in force.
type certificate struct {
	certificateFile, keyFile string
	logger                   *slog.Logger

	mutex  sync.Mutex
	pair   *tls.Certificate
	loaded [2]fileState // of the files that pair, or the last refusal, comes from
}

// fileState tells whether a file is another than before.
type fileState struct {
	modified time.Time
	size     int64
}

// loadCertificate reads a pair of PEM files for the first time.
func loadCertificate(certificateFile, keyFile string, logger *slog.Logger) (*certificate, error) {
	c := &certificate{certificateFile: certificateFile, keyFile: keyFile, logger: logger}
	if err := c.reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// reload reads the pair, whatever the files look like.
func (c *certificate) reload() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	state, err := c.state()
	if err != nil {
		return err
	}
	return c.read(state)
}

func (c *certificate) read(state [2]fileState) error {
	c.loaded = state
	pair, err := tls.LoadX509KeyPair(c.certificateFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("reading the page's certificate: %w", err)
	}
	c.pair = &pair
	return nil
}

func (c *certificate) state() (state [2]fileState, err error) {
	for i, path := range []string{c.certificateFile, c.keyFile} {
		info, err := os.Stat(path)
		if err != nil {
			return state, fmt.Errorf("looking at the page's certificate: %w", err)
		}
		state[i] = fileState{info.ModTime(), info.Size()}
	}
	return state, nil
}

// get is asked at each handshake. A refused pair is logged once.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	state, err := c.state()
	if state == c.loaded {
		return c.pair, nil
	}
	if err == nil {
		err = c.read(state)
	} else {
		c.loaded = state
	}
	if err != nil {
		c.logger.Error("the new certificate can't be used, the old one stays", "error", err)
	} else {
		c.logger.Info("read the page's new certificate", "file", c.certificateFile)
	}
	return c.pair, nil
}
