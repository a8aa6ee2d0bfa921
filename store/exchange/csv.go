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

// CSV reads devices and passwords from comma-separated values (RFC 4180). The
// first line names the columns, in any order: user and secret, and optionally
// label, password (in clear), algorithm, digits and period. Another row of the
// same user is another device. A row may do without a secret if it has a password.
func CSV(source io.Reader) (Batch, error) {
	c := newCollector()
	err := eachRow(source, c, deviceColumns, func(place string, row map[string]string) {
		name, secret, password := row["user"], row["secret"], row["password"]
		if name == "" || secret == "" && password == "" {
			c.skip(place, name, "a row has a user, and a secret or a password")
			return
		}
		if password != "" {
			addPassword(c, place, name, password)
		}
		if secret == "" {
			return
		}
		d := Device{Place: place, Label: row["label"], Algorithm: algorithmNamed(row["algorithm"]),
			Digits: numberOr(row["digits"], defaultDigits), Period: numberOr(row["period"], defaultPeriod)}
		var fault string
		if d.Secret, fault = decodeBase32(secret); fault != "" {
			c.skip(place, name, fault)
			return
		}
		c.device(name, d)
	})
	return c.finish(err)
}

// maxPassword is the most octets of a password that RADIUS carries (RFC 2865
// section 5.2).
const maxPassword = 128

func addPassword(c *collector, place, name, password string) {
	if len(password) > maxPassword || strings.HasSuffix(password, "\x00") {
		c.skip(place, name, fmt.Sprintf("the password is left out: RADIUS can't carry it (at most %d octets, no NUL at the end)", maxPassword))
		return
	}
	account := c.account(place, name)
	switch {
	case account == nil:
	case account.Password == nil:
		account.Password = []byte(password)
	case string(account.Password) != password:
		c.skip(place, name, "another password than in a row before; the first one counts")
	}
}

// columns says which columns a header may have, and which it must have.
type columns struct{ must, may []string }

var deviceColumns = columns{must: []string{"user", "secret"}, may: []string{"label", "password", "algorithm", "digits", "period"}}

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
