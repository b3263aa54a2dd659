using Amazon.S3;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.StorageSync;

public sealed partial class StoragePair
{
    /// <summary>
    /// Finds out before the first copy what would stop it: wrong keys, a missing bucket, a target that may not be written, a source that is the target
    /// under another name. Writes one object of a few bytes to the target and removes it.
    /// </summary>
    /// <returns>A sentence for the operator; null if nothing is in the way.</returns>
    /// <param name="writes">Whether the target will be written; otherwise both are only listed.</param>
    /// <param name="prefix">Prefix of the keys.</param>
    public async Task<string?> FindProblemAsync(string prefix, bool writes, CancellationToken cancellation)
    {
        if (IsSameBucket(_source.Settings, _target.Settings))
            return $"source and target are the same bucket: {Name(_source.Settings)}";
        foreach (var (side, store) in new[] { ("source", _source), ("target", _target) })
            try
            {
                await store.PageAsync(prefix, null, 1, cancellation);
            }
            catch (AmazonS3Exception refusal)
            {
                return $"the {side} {Name(store.Settings)} cannot be listed: {Reason(refusal, store.Settings)}";
            }
        return writes ? await FindWriteProblemAsync(prefix, cancellation) : null;
    }

    private async Task<string?> FindWriteProblemAsync(string prefix, CancellationToken cancellation)
    {
        var key = $"{prefix}.sync-check-{Guid.CreateVersion7():n}";
        var content = "vision platform: whether this bucket can be written"u8.ToArray();
        try
        {
            await _target.PutAsync(key, content, S3Wire.Md5(content), new ObjectHeaders([new("content-type", "text/plain")]), cancellation);
        }
        catch (AmazonS3Exception refusal)
        {
            return $"the target {Name(_target.Settings)} cannot be written: {Reason(refusal, _target.Settings)}";
        }
        bool isSame;
        try
        {
            isSame = await _source.HeadAsync(key, cancellation) is not null;
        }
        catch (AmazonS3Exception)
        {
            // Without the right to list, some stores answer 403 to a missing object.
            isSame = false;
        }
        await _target.DeleteAsync([key], cancellation);
        return isSame ? $"source and target are the same bucket under two names: {Name(_source.Settings)} and {Name(_target.Settings)}" : null;
    }

    private static bool IsSameBucket(BucketSettings one, BucketSettings other) =>
        one.Bucket == other.Bucket && Uri.Compare(one.Endpoint, other.Endpoint, UriComponents.HostAndPort | UriComponents.Path, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>The failure of a whole range as a sentence; null if it is not one that the operator has to settle.</summary>
    private string? Explain(Exception error) => error switch
    {
        AmazonS3Exception refusal => $"{Name(_source.Settings)} → {Name(_target.Settings)}: {Reason(refusal, _target.Settings)}",
        UnreadableKeyException or InvalidDataException => $"{Name(_source.Settings)} → {Name(_target.Settings)}: {error.Message}",
        _ => null,
    };

    /// <summary>Whether every other object would be refused too.</summary>
    private static bool IsOfAll(AmazonS3Exception refusal) => StorageFailures.IsFull(refusal) || refusal.ErrorCode is
        "NoSuchBucket" or "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "RequestTimeTooSkewed" or "ExpiredToken" or "AccountProblem";

    private static string Reason(AmazonS3Exception refusal, BucketSettings settings) => refusal.ErrorCode switch
    {
        "NoSuchBucket" => $"there is no bucket '{settings.Bucket}'",
        "InvalidAccessKeyId" => $"the store does not know the access key {settings.AccessKey}",
        "SignatureDoesNotMatch" => $"the secret key of {settings.AccessKey} is wrong",
        "AccessDenied" or "Forbidden" or "AllAccessDisabled" => $"{settings.AccessKey} has no right to",
        "RequestTimeTooSkewed" => "the clocks of this machine and the store differ too much",
        var code when StorageFailures.IsFull(refusal) => $"the store is full ({code})",
        var code when code == refusal.Message => $"{code} ({(int)refusal.StatusCode})",
        var code => $"{refusal.Message} ({code}, {(int)refusal.StatusCode})",
    };

    private static string Name(BucketSettings settings) => $"{settings.Endpoint.GetLeftPart(UriPartial.Authority)}/{settings.Bucket}";
}
