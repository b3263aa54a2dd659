using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Amazon.S3;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Storage;

/// <summary>
/// Tries with real URLs what people may try who hold one: the URLs of uploads and of parts, against the store that the settings name. Everything it
/// writes is under one prefix, and gone when it ends.
/// </summary>
/// <param name="store">The bucket, as the app uses it.</param>
/// <param name="past">The same bucket with a clock an hour behind, for URLs that have expired.</param>
/// <param name="prefix">A prefix that URLs may write, for example <c>incoming/</c>.</param>
/// <param name="http">Sends what the holder of a URL sends.</param>
internal sealed partial class UrlCheck(ObjectStore store, ObjectStore past, string prefix, HttpClient http)
{
    private const string ContentType = "image/png";
    private const string Everybody = "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"";
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private readonly string _folder = $"{prefix}check-{Guid.CreateVersion7():n}/";
    private readonly byte[] _body = RandomNumberGenerator.GetBytes(16);
    private readonly List<(string Key, string Upload)> _multiparts = [];
    private int _keys;

    /// <param name="sources">Objects that nobody may read through an upload URL: bucket and key, with what is in them.</param>
    /// <param name="cancellation">Cancels; what was written is removed all the same.</param>
    public async Task<IReadOnlyList<UrlAbuse>> RunAsync(IReadOnlyList<(string Bucket, string Key, byte[] Content)> sources, CancellationToken cancellation)
    {
        try
        {
            var found = new List<UrlAbuse>();
            found.AddRange(await OfSignatureAsync(cancellation));
            foreach (var source in sources)
                found.Add(await CopyAsync(source, cancellation));
            found.AddRange(await OfHeadersAsync(cancellation));
            found.AddRange(await WithoutCredentialsAsync(cancellation));
            found.AddRange(await OfPartsAsync(sources, cancellation));
            return found;
        }
        finally
        {
            await CleanUpAsync();
        }
    }

    /// <summary>What the signature forbids.</summary>
    private async Task<IReadOnlyList<UrlAbuse>> OfSignatureAsync(CancellationToken cancellation)
    {
        var url = New();
        var first = await SendAsync(url.Request, _body, cancellation);
        var stored = await IsThereAsync(url.Key, cancellation);
        var second = RandomNumberGenerator.GetBytes(_body.Length);
        var again = await SendAsync(url.Request, second, cancellation);
        var replaced = (await store.GetBytesAsync(url.Key, 1000, cancellation))?.Bytes is { } bytes && bytes.SequenceEqual(second);
        var (longer, shorter, typed, moved, deleted, query, late) = (New(), New(), New(), New(), url, New(), New(past));
        var removed = await SendAsync(deleted.Request with { Method = "DELETE" }, null, cancellation);
        var isGone = !await IsThereAsync(deleted.Key, cancellation);
        var read = await SendAsync(deleted.Request with { Method = "GET" }, null, cancellation);
        var acl = await SendAsync(query.Request with { Url = query.Request.Url + "&acl" }, _body, cancellation);
        var elsewhere = new PresignedRequest("PUT", moved.Request.Url.Replace(moved.Key, moved.Key + "-other", StringComparison.Ordinal), moved.Request.Headers, default);
        return
        [
            new("an upload as announced", $"{(int)first}", first == HttpStatusCode.OK && stored ? AbuseVerdict.Works : AbuseVerdict.Broken),
            UrlAbuse.Of("a second upload to the same URL", again, replaced),
            await TryAsync("more bytes than announced", longer.Request, [.. _body, 0], longer.Key),
            await TryAsync("fewer bytes than announced", shorter.Request, _body[1..], shorter.Key),
            await TryAsync("another content type", typed.Request with { Headers = new Dictionary<string, string>(typed.Request.Headers) { ["Content-Type"] = "text/html" } }, _body, typed.Key),
            await TryAsync("another key", elsewhere, _body, moved.Key + "-other"),
            UrlAbuse.Of("deleting", removed, isGone),
            UrlAbuse.Of("reading", read, IsSuccess(read)),
            UrlAbuse.Of("setting an ACL (?acl)", acl, IsSuccess(acl)),
            await TryAsync("an expired URL", late.Request, _body, late.Key),
        ];

        async Task<UrlAbuse> TryAsync(string what, PresignedRequest sent, byte[] body, string key)
        {
            var status = await SendAsync(sent, body, cancellation);
            return UrlAbuse.Of(what, status, await IsThereAsync(key, cancellation));
        }
    }

    private async Task<UrlAbuse> CopyAsync((string Bucket, string Key, byte[] Content) source, CancellationToken cancellation)
    {
        var url = New();
        var status = await SendAsync(url.Request, _body, cancellation, ("x-amz-copy-source", $"/{source.Bucket}/{source.Key}"));
        var stored = (await store.GetBytesAsync(url.Key, 1000, cancellation))?.Bytes;
        return UrlAbuse.Of($"copying an object of {source.Bucket}", status, stored is not null && stored.SequenceEqual(source.Content));
    }

    /// <summary>What headers ask for that the signature does not name.</summary>
    private async Task<IReadOnlyList<UrlAbuse>> OfHeadersAsync(CancellationToken cancellation)
    {
        var found = new List<UrlAbuse>();
        foreach (var (name, value) in ((string, string)[])[("x-amz-acl", "public-read"), ("x-amz-acl", "public-read-write"), ("x-amz-acl", "authenticated-read"),
                     ("x-amz-grant-read", Everybody), ("x-amz-grant-full-control", Everybody), ("x-amz-grant-write-acp", Everybody)])
        {
            var url = New();
            var status = await SendAsync(url.Request, _body, cancellation, (name, value));
            // With a right to read, everybody can see whether it had an effect. With another right, what was stored counts.
            var isReadable = value.StartsWith("public", StringComparison.Ordinal) || name is "x-amz-grant-read" or "x-amz-grant-full-control";
            found.Add(UrlAbuse.Of(
                $"{name}: {(value == Everybody ? "everybody" : value)}", status, isReadable ? await IsPublicAsync(url.Key, cancellation) : await IsThereAsync(url.Key, cancellation)));
        }
        foreach (var (name, value, shown) in ((string, string, string)[])[("x-amz-tagging", "a=b", "x-amz-tagging-count"), ("x-amz-meta-owner", "somebody", "x-amz-meta-owner"),
                     ("x-amz-website-redirect-location", "https://example.com/", "x-amz-website-redirect-location"), ("x-amz-storage-class", "GLACIER", "x-amz-storage-class"),
                     ("Cache-Control", "max-age=31536000", "Cache-Control"), ("Content-Disposition", "attachment; filename=\"a.exe\"", "Content-Disposition"),
                     ("Content-Encoding", "gzip", "Content-Encoding")])
        {
            var url = New();
            var status = await SendAsync(url.Request, _body, cancellation, (name, value));
            using var read = new HttpRequestMessage(HttpMethod.Get, store.PresignGet(url.Key, Lifetime).Url);
            using var answer = await http.SendAsync(read, cancellation);
            var isShown = answer.IsSuccessStatusCode && answer.Headers.Concat(answer.Content.Headers).Any(header => header.Key.Equals(shown, StringComparison.OrdinalIgnoreCase));
            found.Add(UrlAbuse.Of(name, status, isShown, isDangerous: false));
        }
        return found;
    }

    private async Task<IReadOnlyList<UrlAbuse>> WithoutCredentialsAsync(CancellationToken cancellation)
    {
        var (url, other) = (New(), New());
        await SendAsync(url.Request, _body, cancellation);
        var read = await SendAsync(url.Request with { Method = "GET", Url = Bare(url.Request.Url) }, null, cancellation);
        var write = await SendAsync(other.Request with { Url = Bare(other.Request.Url) }, _body, cancellation);
        var list = await SendAsync(url.Request with { Method = "GET", Url = Bare(url.Request.Url)[..^url.Key.Length] }, null, cancellation);
        return
        [
            UrlAbuse.Of("reading without a signature", read, IsSuccess(read)),
            UrlAbuse.Of("writing without a signature", write, await IsThereAsync(other.Key, cancellation)),
            UrlAbuse.Of("listing without a signature", list, IsSuccess(list)),
        ];
    }

    private async Task<IReadOnlyList<UrlAbuse>> OfPartsAsync(IReadOnlyList<(string Bucket, string Key, byte[] Content)> sources, CancellationToken cancellation)
    {
        var found = new List<UrlAbuse>();
        foreach (var source in sources)
        {
            var (key, upload) = await NewMultipartAsync(cancellation);
            using var answer = await SendRawAsync(store.PresignPart(key, upload, 1, _body.Length, Lifetime), _body, cancellation,
                ("x-amz-copy-source", $"/{source.Bucket}/{source.Key}"), ("x-amz-copy-source-range", $"bytes=0-{source.Content.Length - 1}"));
            var etag = answer.Headers.ETag?.Tag ?? ETag().Match(await answer.Content.ReadAsStringAsync(cancellation)).Groups[1].Value;
            var isCopied = answer.IsSuccessStatusCode && await CompleteAsync(key, upload, etag, cancellation) is { } bytes && bytes.SequenceEqual(source.Content);
            found.Add(UrlAbuse.Of($"a part: copying an object of {source.Bucket}", answer.StatusCode, isCopied));
        }
        var (good, id) = await NewMultipartAsync(cancellation);
        var request = store.PresignPart(good, id, 1, _body.Length, Lifetime);
        found.Add(await PartAsync("a part: more bytes than announced", request, [.. _body, 0]));
        found.Add(await PartAsync("a part: another number", request with { Url = request.Url.Replace("partNumber=1", "partNumber=2", StringComparison.Ordinal) }, _body));
        using (var answer = await SendRawAsync(request, _body, cancellation))
        {
            var isStored = answer.IsSuccessStatusCode && await CompleteAsync(good, id, answer.Headers.ETag?.Tag ?? "", cancellation) is { } bytes && bytes.SequenceEqual(_body);
            found.Add(new("a part as announced", $"{(int)answer.StatusCode}", isStored ? AbuseVerdict.Works : AbuseVerdict.Broken));
        }
        found.Add(await PartAsync("a part: after the upload was completed", request, RandomNumberGenerator.GetBytes(_body.Length)));
        return found;

        async Task<UrlAbuse> PartAsync(string what, PresignedRequest sent, byte[] body)
        {
            var status = await SendAsync(sent, body, cancellation);
            return UrlAbuse.Of(what, status, IsSuccess(status));
        }
    }

    private (string Key, PresignedRequest Request) New(ObjectStore? signer = null)
    {
        var key = $"{_folder}{++_keys}";
        return (key, (signer ?? store).PresignPutOnce(key, ContentType, _body.Length, Lifetime));
    }

    private async Task<(string Key, string Upload)> NewMultipartAsync(CancellationToken cancellation)
    {
        var key = $"{_folder}{++_keys}";
        var upload = await store.CreateMultipartAsync(key, ContentType, cancellation);
        _multiparts.Add((key, upload));
        return (key, upload);
    }

    private async Task<byte[]?> CompleteAsync(string key, string upload, string etag, CancellationToken cancellation)
    {
        try
        {
            await store.CompleteMultipartAsync(key, upload, [new UploadedPart(1, etag)], cancellation);
        }
        catch (MultipartRefusedException)
        {
            return null;
        }
        return (await store.GetBytesAsync(key, 1000, cancellation))?.Bytes;
    }

    private async Task<bool> IsThereAsync(string key, CancellationToken cancellation)
    {
        try
        {
            return await store.HeadAsync(key, cancellation) is not null;
        }
        catch (AmazonS3Exception closed) when (closed.StatusCode == HttpStatusCode.Forbidden)
        {
            // With an ACL of the sender's, an object may be closed to the owner of the bucket.
            return true;
        }
    }

    private async Task<bool> IsPublicAsync(string key, CancellationToken cancellation)
    {
        using var answer = await http.GetAsync(Bare(store.PresignGet(key, Lifetime).Url), cancellation);
        return answer.IsSuccessStatusCode;
    }

    private async Task<HttpStatusCode> SendAsync(PresignedRequest presigned, byte[]? body, CancellationToken cancellation, params (string Name, string Value)[] more)
    {
        using var answer = await SendRawAsync(presigned, body, cancellation, more);
        return answer.StatusCode;
    }

    private async Task<HttpResponseMessage> SendRawAsync(PresignedRequest presigned, byte[]? body, CancellationToken cancellation, params (string Name, string Value)[] more)
    {
        using var request = new HttpRequestMessage(new HttpMethod(presigned.Method), presigned.Url) { Content = body is null ? null : new ByteArrayContent(body) };
        foreach (var (name, value) in presigned.Headers.Select(header => (header.Key, header.Value)).Concat(more))
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content?.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request, cancellation);
    }

    private async Task CleanUpAsync()
    {
        foreach (var (key, upload) in _multiparts)
            await store.AbortMultipartAsync(key, upload, CancellationToken.None);
        var keys = new List<string>();
        await foreach (var found in store.ListAsync(_folder, CancellationToken.None))
            keys.Add(found.Key);
        await store.DeleteAsync(keys, CancellationToken.None);
    }

    private static bool IsSuccess(HttpStatusCode status) => (int)status is >= 200 and < 300;

    private static string Bare(string url) => url[..url.IndexOf('?', StringComparison.Ordinal)];

    [GeneratedRegex("<ETag>(?:&quot;|\")?([0-9a-fA-F-]+)")]
    private static partial Regex ETag();
}
