using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>Setting a bucket up: what <c>storage init</c> does.</summary>
public sealed partial class ObjectStore
{
    /// <summary>Makes the bucket; false when it was there already.</summary>
    public async Task<bool> CreateBucketAsync(CancellationToken cancellation)
    {
        // Asked first: a PUT of one's own bucket succeeds on some servers and is a conflict on others.
        try
        {
            var probe = new ListObjectsV2Request { BucketName = Bucket, MaxKeys = 1 };
            await CallAsync(token => new ValueTask<ListObjectsV2Response>(_client.ListObjectsV2Async(probe, token)), cancellation);
            return false;
        }
        catch (AmazonS3Exception missing) when (missing.StatusCode == HttpStatusCode.NotFound)
        {
            // Region "auto" is no location a store would accept: the endpoint decides.
            var request = new PutBucketRequest { BucketName = Bucket, UseClientRegion = false };
            await CallAsync(token => new ValueTask<PutBucketResponse>(_client.PutBucketAsync(request, token)), cancellation);
            return true;
        }
    }

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
