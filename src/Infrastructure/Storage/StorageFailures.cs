using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>Classifies failures of the store.</summary>
internal static class StorageFailures
{
    /// <summary>Whether the same request may succeed later: connection trouble, throttling, server errors.</summary>
    public static bool IsTransient(Exception error) => error switch
    {
        AmazonS3Exception refusal when IsFull(refusal) => false,
        AmazonS3Exception { ErrorCode: "SlowDown" or "RequestTimeout" or "InternalError" or "ServiceUnavailable" or "RequestTimeTooSkewed" } => true,
        AmazonS3Exception { StatusCode: var status } when status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout => true,
        AmazonS3Exception { StatusCode: var status } when (int)status is >= 500 and not 501 => true,
        // The SDK could not read the answer of the store: look at the cause.
        AmazonServiceException { InnerException: { } inner } => IsConnection(inner),
        AmazonClientException { InnerException: { } inner } => IsConnection(inner),
        _ => IsConnection(error),
    };

    /// <summary>Whether the store is unavailable: the failure is still transient after the retries, or the open circuit prevented the call.</summary>
    public static bool IsAway(Exception error) => error is TimeoutRejectedException or BrokenCircuitException || IsTransient(error);

    /// <summary>Whether the store has no room: trying again does not help until somebody makes some. Ceph answers 403, MinIO and others 507.</summary>
    public static bool IsFull(AmazonS3Exception error) =>
        error.StatusCode == HttpStatusCode.InsufficientStorage || error.ErrorCode is "QuotaExceeded" or "XMinioStorageFull" or "InsufficientCapacity";

    /// <summary>Whether the object is missing. False if the bucket is missing.</summary>
    public static bool IsMissing(AmazonS3Exception error) =>
        error.StatusCode == HttpStatusCode.NotFound && error.ErrorCode is not ("NoSuchBucket" or "NoSuchUpload");

    private static bool IsConnection(Exception error) =>
        error is HttpRequestException or SocketException or IOException or TimeoutException
        || error is TaskCanceledException { InnerException: TimeoutException }
        || (error.InnerException is { } inner && inner is HttpRequestException or SocketException or IOException);
}
