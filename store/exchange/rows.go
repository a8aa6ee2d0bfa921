package exchange

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// columns says which columns a header may have, and which it must have.
type columns struct{ must, may []string }

// eachRow hands over the rows below the header, each by column, until the
// collector is full. A file that isn't CSV throughout is an error: after a
// wrong quote nobody knows where the next row begins.
func eachRow(source io.Reader, c *collector, known columns, read func(place string, row map[string]string)) error {
	input := bufio.NewReader(&bounded{source: source, left: maxFile})
	if mark, err := input.Peek(len(byteOrderMark)); err == nil && bytes.Equal(mark, byteOrderMark) {
		input.Discard(len(byteOrderMark))
	}
	record := &allowance{source: input}
	rows := csv.NewReader(record)
	rows.ReuseRecord = true
	record.renew()
	header, err := rows.Read()
	if err != nil {
		return rowError(err)
	}
	header = slices.Clone(header)
	if err := known.check(header); err != nil {
		return err
	}
	for row := make(map[string]string, len(header)); c.err == nil; {
		record.renew()
		fields, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return rowError(err)
		}
		for i, column := range header {
			row[column] = fields[i]
		}
		number, _ := rows.FieldPos(0)
		read(linePlace(number), row)
	}
	return c.err
}

// check makes the header lower case and says what is wrong with it. It names
// columns by number: without a header, the first line holds secrets.
func (known columns) check(header []string) error {
	for i, column := range header {
		column = strings.ToLower(strings.TrimSpace(column))
		switch {
		case !slices.Contains(known.must, column) && !slices.Contains(known.may, column):
			return fmt.Errorf("line 1: column %d is unknown; the first line names the columns, separated by commas: %s, and optionally %s",
				i+1, strings.Join(known.must, ", "), strings.Join(known.may, ", "))
		case slices.Contains(header[:i], column):
			return fmt.Errorf("line 1: column %d, %s, is there twice", i+1, column)
		}
		header[i] = column
	}
	for _, column := range known.must {
		if !slices.Contains(header, column) {
			return fmt.Errorf("line 1: there is no column %s", column)
		}
	}
	return nil
}

// rowError says where a file isn't CSV.
func rowError(err error) error {
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("the file is empty: its first line names the columns")
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d: %w", syntax.Line, syntax.Err)
	}
	return fmt.Errorf("reading the rows: %w", err)
}

// allowance bounds one record: a quoted field may have any number of lines.
type allowance struct {
	source io.Reader
	left   int
}

var errRecord = fmt.Errorf("a row has more than %d KiB, or a quote isn't closed", maxLine>>10)

func (a *allowance) renew() { a.left = maxLine }

func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, errRecord
	}
	n, err := a.source.Read(p)
	a.left -= n
	return n, err
}
