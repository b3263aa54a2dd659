using Amazon.S3;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>What became of one object.</summary>
internal enum Transferred
{
    Copied,

    /// <summary>The source no longer has it.</summary>
    Vanished,
}

/// <summary>
/// Copies objects of one bucket to another, with their headers. Where both are of one service the service copies, if the target's identity may
/// read the source; otherwise the bytes pass through this process.
/// </summary>
internal sealed class ObjectTransfer(S3Wire source, S3Wire target, MemoryBudget memory, BandwidthLimit bandwidth)
{
    /// <summary>Objects up to this size are put with one request, so that their entity tag is the MD5 of the content.</summary>
    public const long Small = 16 * 1024 * 1024;

    /// <summary>How often the copy of an object is begun again because the object was changed during it.</summary>
    private const int Changes = 5;

    private volatile bool _isServerSide = source.Settings.Endpoint.Authority == target.Settings.Endpoint.Authority;

    // Set when the target turns out to give other entity tags than the MD5: then every copy carries the mark.
    private volatile bool _needsMarks;

    /// <summary>Whether the service copies by itself.</summary>
    public bool IsServerSide => _isServerSide;

    /// <summary>Copies the present version of an object of at most <see cref="Small"/> bytes when it was listed.</summary>
    /// <returns>What became of it and how many bytes the version had.</returns>
    public async Task<(Transferred Result, long Bytes)> CopyAsync(ListedObject listed, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
            try
            {
                if (_isServerSide)
                {
                    if (await OnServerAsync(listed, cancellation) is { } copied)
                        return copied;
                    continue;
                }
                if (await ThroughAsync(listed, cancellation) is { } done)
                    return done;
                // It grew meanwhile.
                return await new LargeTransfer(source, target, this, memory, bandwidth).WholeAsync(listed, cancellation);
            }
            catch (ObjectChangedException) when (tries < Changes)
            {
                if (await source.HeadAsync(listed.Key, cancellation) is not { } now)
                    return (Transferred.Vanished, 0);
                listed = new ListedObject(listed.Key, now.Size, now.ETag);
            }
    }

    /// <summary>Null if the service refuses to copy by itself.</summary>
    private async Task<(Transferred, long)?> OnServerAsync(ListedObject listed, CancellationToken cancellation)
    {
        ObjectHeaders? replaced = null;
        if (!Contents.IsMd5(listed.ETag) || _needsMarks)
        {
            if (await source.HeadAsync(listed.Key, cancellation) is not { } facts)
                return (Transferred.Vanished, 0);
            replaced = facts.Headers.ForCopy(facts.ETag);
            listed = listed with { ETag = facts.ETag, Size = facts.Size };
        }
        try
        {
            if (await target.CopyAsync(source.Settings.Bucket, listed.Key, listed.ETag, replaced, cancellation) is not { } etag)
                return (Transferred.Vanished, 0);
            if (etag != listed.ETag || replaced is not null)
                await RequireVersionAsync(listed.Key, listed.ETag, cancellation);
            return (Transferred.Copied, listed.Size);
        }
        catch (AmazonS3Exception refusal) when (NoServerSide(refusal))
        {
            return null;
        }
    }

    /// <summary>After a copy by the service: Ceph does not look at the version that a copy asks for.</summary>
    /// <exception cref="ObjectChangedException">The source has another version now.</exception>
    public async Task RequireVersionAsync(string key, string etag, CancellationToken cancellation)
    {
        // If it was deleted after it had been copied, the copy is still of that version.
        if (await source.HeadAsync(key, cancellation) is { } now && now.ETag != etag)
            throw new ObjectChangedException(key);
    }

    /// <summary>Whether the refusal means that the target's identity or service cannot copy from the source. Then it is not tried again.</summary>
    public bool NoServerSide(AmazonS3Exception refusal)
    {
        if ((int)refusal.StatusCode is not (403 or 405 or 501) && refusal.ErrorCode is not ("NoSuchBucket" or "InvalidRequest" or "InvalidArgument"))
            return false;
        _isServerSide = false;
        return true;
    }

    /// <summary>Reads the object into memory and puts it. Null if it is larger than it was.</summary>
    private async Task<(Transferred, long)?> ThroughAsync(ListedObject listed, CancellationToken cancellation)
    {
        await bandwidth.TakeAsync(listed.Size, cancellation);
        using var lease = await memory.TakeAsync(Math.Max(listed.Size, 4096), cancellation);
        // One request reads one version, so the entity tag of the listing need not be asked for.
        using var read = await source.ReadAsync(listed.Key, Small, cancellation);
        if (read is null)
            return (Transferred.Vanished, 0);
        if (read.Bytes is null)
            return null;
        var (content, etag) = (read.Bytes.Memory, read.Facts.ETag);
        var md5 = S3Wire.Md5(content);
        var name = Convert.ToHexStringLower(md5);
        if (Contents.IsMd5(etag) && etag == name && !_needsMarks)
        {
            if (await target.PutAsync(listed.Key, content, md5, read.Facts.Headers.ForCopy(null), cancellation) == name)
                return (Transferred.Copied, content.Length);
            _needsMarks = true;
        }
        await target.PutAsync(listed.Key, content, md5, read.Facts.Headers.ForCopy(etag, Contents.Sha256Of(content)), cancellation);
        return (Transferred.Copied, content.Length);
    }
}
