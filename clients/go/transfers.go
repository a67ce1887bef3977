package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	pb "polycue/clients/go/gen/polycue/api/v1"
)

const chunkBytes = 1 << 20 // the largest the server takes

var errClosedEarly = errors.New("the server ended the transfer before its end")

// upload sends a film and returns the upload's name. What the server has already is not sent again.
func (s *server) upload(ctx context.Context, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return "", err
	}
	made, err := s.createUpload(ctx, &pb.CreateUploadRequest{
		SizeBytes: size,
		Sha256:    sum.Sum(nil),
		Filename:  filepath.Base(path),
		RequestId: requestID(),
	})
	if err != nil {
		return "", err
	}
	name, done := made.Name, made.CommittedBytes
	err = persist(ctx, func() (bool, error) {
		now, err := s.getUpload(ctx, name)
		if err != nil {
			return false, err
		}
		moved := now.CommittedBytes > done
		if done = now.CommittedBytes; now.State == pb.UploadState_UPLOAD_STATE_COMPLETE {
			return moved, nil
		}
		return moved, s.send(ctx, name, file, done, size)
	})
	return name, err
}

func (s *server) createUpload(ctx context.Context, request *pb.CreateUploadRequest) (*pb.Upload, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	response, err := s.uploads.CreateUpload(ctx, request)
	return response.GetUpload(), err
}

func (s *server) getUpload(ctx context.Context, name string) (*pb.Upload, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	response, err := s.uploads.GetUpload(ctx, &pb.GetUploadRequest{Name: name})
	return response.GetUpload(), err
}

// send sends the rest of the file from an offset, in one call.
func (s *server) send(ctx context.Context, name string, file *os.File, offset, size int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.uploads.WriteUpload(ctx)
	if err != nil {
		return err
	}
	chunk := make([]byte, chunkBytes)
	for finished := false; !finished; {
		read, err := file.ReadAt(chunk, offset)
		if err != nil && err != io.EOF {
			return err
		}
		finished = offset+int64(read) >= size
		if !finished && read < chunkBytes {
			return fmt.Errorf("%s became shorter while it was sent", file.Name())
		}
		err = stream.Send(&pb.WriteUploadRequest{
			Name: name, WriteOffset: offset, Data: chunk[:read], Finish: finished,
		})
		if err == io.EOF { // the server has ended the call; the answer says why
			break
		}
		if err != nil {
			return err
		}
		offset += int64(read)
	}
	response, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	if response.Upload.State != pb.UploadState_UPLOAD_STATE_COMPLETE {
		return errClosedEarly
	}
	return nil
}

// download writes an artifact into a folder under its own name, whole or not at all.
func (s *server) download(ctx context.Context, artifact *pb.Artifact, folder string) (string, error) {
	path := filepath.Join(folder, filepath.Base(artifact.Filename))
	part, err := os.CreateTemp(folder, ".subtitle-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(part.Name()) // does nothing once it is renamed
	defer part.Close()
	sum, offset := sha256.New(), int64(0)
	err = persist(ctx, func() (bool, error) {
		before := offset
		err := s.receive(ctx, artifact, part, sum, &offset)
		return offset > before, err
	})
	if err != nil {
		return "", err
	}
	if !bytes.Equal(sum.Sum(nil), artifact.Sha256) {
		return "", fmt.Errorf("%s arrived damaged; fetch it again", artifact.Filename)
	}
	for _, step := range []func() error{
		func() error { return part.Chmod(0o644) },
		part.Sync,
		part.Close,
		func() error { return os.Rename(part.Name(), path) },
	} {
		if err := step(); err != nil {
			return "", err
		}
	}
	return path, nil
}

// receive takes the artifact from an offset on, which it moves.
func (s *server) receive(
	ctx context.Context, artifact *pb.Artifact, part io.Writer, sum hash.Hash, offset *int64,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.artifacts.ReadArtifact(ctx, &pb.ReadArtifactRequest{
		Name: artifact.Name, ReadOffset: *offset,
	})
	if err != nil {
		return err
	}
	for {
		message, err := stream.Recv()
		if err == io.EOF && *offset == artifact.SizeBytes {
			return nil
		}
		if err == io.EOF {
			return errClosedEarly
		}
		if err != nil {
			return err
		}
		if _, err := part.Write(message.Data); err != nil {
			return err
		}
		sum.Write(message.Data)
		*offset += int64(len(message.Data))
	}
}
