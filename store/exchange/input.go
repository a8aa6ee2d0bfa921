package exchange

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Bounds of every source.
const (
	maxFile     = 256 << 20 // octets
	maxLine     = 64 << 10  // octets
	maxAccounts = 1_000_000
	maxSkipped  = 1_000_000
	maxDevices  = 16 // of one account; how many a user may have is decided elsewhere
)

var (
	errFileSize = fmt.Errorf("the file has more than %d MiB", maxFile>>20)
	errAccounts = fmt.Errorf("the file has more than %d users", maxAccounts)
	errSkipped  = fmt.Errorf("the file has more than %d things that can't be taken over", maxSkipped)
)

// bounded ends a source that is too large with an error, where io.LimitReader
// would end it as if that were all.
type bounded struct {
	source io.Reader
	left   int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.source.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)
	if b.left < 0 {
		return n, errFileSize
	}
	return n, err
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// eachLine hands over the lines of a text that hold more than blanks, without
// their ends, until the collector is full. Lines count from 1.
func eachLine(source io.Reader, c *collector, read func(place, line string)) error {
	lines := bufio.NewReaderSize(&bounded{source: source, left: maxFile}, maxLine)
	for number := 1; ; number++ {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("line %d has more than %d KiB", number, maxLine>>10)
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf("reading line %d: %w", number, err)
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, byteOrderMark)
		}
		if text := bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(text)) > 0 {
			read(linePlace(number), string(text))
		}
		if c.err != nil || err != nil {
			return c.err
		}
	}
}

func linePlace(number int) string { return fmt.Sprintf("line %d", number) }
