using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>Sets up a bucket, for <c>storage init</c>.</summary>
public sealed partial class ObjectStore
{
    /// <summary>Creates the bucket. Returns false if it already exists.</summary>
    public async Task<bool> CreateBucketAsync(CancellationToken cancellation)
    {
        // List first: a PUT of a bucket that the caller already owns succeeds on some servers and is a conflict on others.
        try
        {
            var probe = new ListObjectsV2Request { BucketName = Bucket, MaxKeys = 1 };
            await CallAsync(token => new ValueTask<ListObjectsV2Response>(_client.ListObjectsV2Async(probe, token)), cancellation);
            return false;
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            // Do not send the region as the location: stores refuse "auto". The endpoint decides where the bucket is.
            var request = new PutBucketRequest { BucketName = Bucket, UseClientRegion = false };
            await CallAsync(token => new ValueTask<PutBucketResponse>(_client.PutBucketAsync(request, token)), cancellation);
            return true;
        }
    }

    /// <summary>Removes the bucket, which must be empty.</summary>
    public Task DeleteBucketAsync(CancellationToken cancellation) =>
        CallAsync(token => new ValueTask<DeleteBucketResponse>(_client.DeleteBucketAsync(new DeleteBucketRequest { BucketName = Bucket }, token)), cancellation);

    /// <summary>Lets pages of the given origins read and write through presigned URLs.</summary>
    /// <param name="origins">Full origins, e.g. <c>https://console.example.com</c>.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public Task AllowOriginsAsync(IReadOnlyCollection<string> origins, CancellationToken cancellation)
    {
        var request = new PutCORSConfigurationRequest
        {
            BucketName = Bucket,
            Configuration = new CORSConfiguration
            {
                Rules =
                [
                    new CORSRule
                    {
                        AllowedOrigins = [.. origins],
                        AllowedMethods = ["GET", "PUT", "HEAD"],
                        AllowedHeaders = ["*"],
                        ExposeHeaders = ["ETag"],
                        MaxAgeSeconds = 3600,
                    },
                ],
            },
        };
        return CallAsync(token => new ValueTask<PutCORSConfigurationResponse>(_client.PutCORSConfigurationAsync(request, token)), cancellation);
    }
}
