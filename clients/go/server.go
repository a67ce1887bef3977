package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	pb "polycue/clients/go/gen/polycue/api/v1"
)

const (
	callTimeout = 30 * time.Second // of a call that only asks; one that carries media has none
	patience    = 2 * time.Minute  // with a server that is away, until something gets through again
	longestWait = 5 * time.Second
)

// What gRPC repeats by itself: calls that change nothing, or that their request_id makes safe. A
// name that stands for several replicas is shared out among them.
const serviceConfig = `{
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [{
    "name": [
      {"service": "polycue.api.v1.JobService", "method": "CreateJob"},
      {"service": "polycue.api.v1.JobService", "method": "GetJob"},
      {"service": "polycue.api.v1.UploadService", "method": "CreateUpload"},
      {"service": "polycue.api.v1.UploadService", "method": "GetUpload"}
    ],
    "retryPolicy": {
      "maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "2s", "backoffMultiplier": 3,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }]
}`

type server struct {
	connection *grpc.ClientConn
	jobs       pb.JobServiceClient
	uploads    pb.UploadServiceClient
	artifacts  pb.ArtifactServiceClient
}

func connect(target, ca, tokenFile string) (*server, error) {
	options := []grpc.DialOption{grpc.WithDefaultServiceConfig(serviceConfig)}
	if ca == "" {
		options = append(options, grpc.WithInsecure())
	} else {
		trusted, err := authorities(ca)
		if err != nil {
			return nil, err
		}
		options = append(options, grpc.WithTransportCredentials(
			credentials.NewTLS(&tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12})))
	}
	if tokenFile != "" {
		if ca == "" {
			return nil, errors.New("a token is sent over TLS only: give --tls-ca too")
		}
		text, err := os.ReadFile(tokenFile)
		if err != nil {
			return nil, err
		}
		options = append(options, grpc.WithPerRPCCredentials(bearer(strings.TrimSpace(string(text)))))
	}
	if !strings.Contains(target, "://") {
		target = "dns:///" + target
	}
	connection, err := grpc.Dial(target, options...)
	if err != nil {
		return nil, err
	}
	return &server{
		connection: connection,
		jobs:       pb.NewJobServiceClient(connection),
		uploads:    pb.NewUploadServiceClient(connection),
		artifacts:  pb.NewArtifactServiceClient(connection),
	}, nil
}

func (s *server) close() { s.connection.Close() }

// authorities returns nil, which means the system's own, for "system".
func authorities(path string) (*x509.CertPool, error) {
	if path == "system" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return pool, nil
}

// bearer is a token; gRPC refuses to send it where nobody has to speak TLS.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return true }

// requestID makes a call that creates something safe to repeat.
func requestID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// persist calls try until it succeeds, fails for good, or got nothing through for too long. try
// tells with moved whether it came further than the time before.
func persist(ctx context.Context, try func() (moved bool, err error)) error {
	wait, since := 200*time.Millisecond, time.Now()
	for {
		moved, err := try()
		if err == nil || !passes(err) {
			return err
		}
		if moved {
			wait, since = 200*time.Millisecond, time.Now()
		}
		if time.Since(since) > patience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		if wait *= 2; wait > longestWait {
			wait = longestWait
		}
	}
}

// passes says whether the same may go better later: the server is away or stops, or has more of
// an upload than it was thought to have.
func passes(err error) bool {
	code := status.Code(err)
	return code == codes.Unavailable || code == codes.Aborted || errors.Is(err, errClosedEarly)
}

// explain is an error as people should see it.
func explain(err error) string {
	if problem, ok := status.FromError(err); ok {
		return fmt.Sprintf("%s (%s)", problem.Message(), problem.Code())
	}
	return err.Error()
}
