using System.Globalization;
using System.Net;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Amazon.S3;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>Size, entity tag (without quotes) and headers of an object.</summary>
internal sealed record ObjectFacts(long Size, string ETag, ObjectHeaders Headers);

/// <summary>An object, or a range of it, read into memory. <see cref="Bytes"/> is null if it is longer than the caller allows.</summary>
internal sealed record ObjectRead(ObjectFacts Facts, PooledBytes? Bytes) : IDisposable
{
    public void Dispose() => Bytes?.Dispose();
}

/// <summary>The object is no longer the version that was asked for.</summary>
internal sealed class ObjectChangedException(string key, Exception? inner = null) : Exception($"'{key}' was changed meanwhile.", inner);

internal sealed partial class S3Wire
{
    private static readonly KeyValuePair<string, string>[] NoHeaders = [];

    /// <summary>Facts of an object; null if there is none.</summary>
    public Task<ObjectFacts?> HeadAsync(string key, CancellationToken cancellation) =>
        OrNullAsync(() => CallAsync<ObjectFacts?>(HttpMethod.Head, key, [], NoHeaders, null, (response, _) => Task.FromResult<ObjectFacts?>(Facts(response)), cancellation));

    /// <summary>Reads an object of at most <paramref name="limit"/> bytes, or the range <paramref name="from"/>..<paramref name="to"/> (both inclusive) of it. Null if there is none.</summary>
    /// <param name="ifMatch">Entity tag of the version to read; null for whichever there is.</param>
    /// <exception cref="ObjectChangedException">The object has another entity tag.</exception>
    public async Task<ObjectRead?> ReadAsync(string key, long limit, CancellationToken cancellation, string? ifMatch = null, long? from = null, long? to = null)
    {
        var headers = new List<KeyValuePair<string, string>>(3) { new("accept-encoding", "identity") };
        if (ifMatch is not null)
            headers.Add(new("if-match", Quoted(ifMatch)));
        if (from is not null)
            headers.Add(new("range", string.Create(CultureInfo.InvariantCulture, $"bytes={from}-{to}")));
        try
        {
            return await OrNullAsync(() => CallAsync<ObjectRead?>(HttpMethod.Get, key, [], headers, null, async (response, idle) =>
            {
                var facts = Facts(response);
                return facts.Size > limit ? new ObjectRead(facts, null) : new ObjectRead(facts, await BytesAsync(response, facts.Size, idle));
            }, cancellation));
        }
        catch (AmazonS3Exception changed) when (changed.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            throw new ObjectChangedException(key, changed);
        }
    }

    /// <summary>Passes an object of any size to <paramref name="take"/>, chunk by chunk; false if there is none. A failed read begins again, with <paramref name="begin"/>.</summary>
    public async Task<bool> StreamAsync(string key, string ifMatch, Action begin, Func<ReadOnlyMemory<byte>, ValueTask> take, CancellationToken cancellation)
    {
        KeyValuePair<string, string>[] headers = [new("accept-encoding", "identity"), new("if-match", Quoted(ifMatch))];
        try
        {
            return await OrNullAsync(() => CallAsync<string?>(HttpMethod.Get, key, [], headers, null, async (response, idle) =>
            {
                begin();
                using var buffer = new PooledBytes(256 * 1024);
                await using var stream = await response.Content.ReadAsStreamAsync(idle.Token);
                while (await stream.ReadAsync(buffer.Memory, idle.Token) is > 0 and var read)
                {
                    idle.Moved();
                    await take(buffer.Memory[..read]);
                }
                return "read";
            }, cancellation)) is not null;
        }
        catch (AmazonS3Exception changed) when (changed.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            throw new ObjectChangedException(key, changed);
        }
    }

    /// <summary>Stores an object with one request. Returns its entity tag.</summary>
    /// <param name="md5">MD5 of the content: the store refuses a body that was damaged on its way.</param>
    public Task<string> PutAsync(string key, ReadOnlyMemory<byte> content, byte[] md5, ObjectHeaders headers, CancellationToken cancellation) =>
        CallAsync(HttpMethod.Put, key, [], [.. headers.All, new("content-md5", Convert.ToBase64String(md5))], content, (response, _) => Task.FromResult(ETagOf(response)), cancellation);

    /// <summary>Copies an object of the same service, of at most 5 GB, with one request. Returns the entity tag of the copy; null if there is no source.</summary>
    /// <param name="source">Bucket of the source.</param>
    /// <param name="ifMatch">Entity tag of the version to copy. Not every store looks at it.</param>
    /// <param name="replaced">Headers of the copy; null to keep those of the source.</param>
    /// <exception cref="ObjectChangedException">The source has another entity tag.</exception>
    public async Task<string?> CopyAsync(string source, string key, string ifMatch, ObjectHeaders? replaced, CancellationToken cancellation)
    {
        KeyValuePair<string, string>[] headers =
            [.. replaced?.All ?? [], new("x-amz-metadata-directive", replaced is null ? "COPY" : "REPLACE"), CopySource(source, key), new("x-amz-copy-source-if-match", Quoted(ifMatch))];
        try
        {
            return await OrNullAsync(() => CallAsync<string?>(HttpMethod.Put, key, [], headers, null, async (response, idle) => Unquoted(Child(await AnswerAsync(response, key, idle), "ETag")), cancellation));
        }
        catch (AmazonS3Exception changed) when (changed.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            throw new ObjectChangedException(key, changed);
        }
    }

    /// <summary>Deletes objects, at most 1,000. Returns the keys that the store refused to delete, with its reason.</summary>
    public async Task<IReadOnlyList<(string Key, string Reason)>> DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellation)
    {
        // XML 1.0 has no way to write most control characters, and its readers take one kind of line end for another: that would delete another object.
        var writable = keys.Where(static key => key.EnumerateRunes().All(static rune => rune.Value >= ' ' && (!rune.IsBmp || XmlConvert.IsXmlChar((char)rune.Value)))).ToList();
        var refused = new List<(string, string)>();
        foreach (var key in keys.Except(writable))
            await DeleteOneAsync(key, refused, cancellation);
        if (writable.Count == 0)
            return refused;

        var body = Encoding.UTF8.GetBytes(new XElement("Delete", new XElement("Quiet", "true"), writable.Select(static key => new XElement("Object", new XElement("Key", key))))
            .ToString(SaveOptions.DisableFormatting));
        try
        {
            var answer = await CallAsync(HttpMethod.Post, null, [("delete", "")], [new("content-md5", Convert.ToBase64String(Md5(body)))], body, (response, idle) => AnswerAsync(response, null, idle), cancellation);
            foreach (var error in answer.Elements().Where(static element => element.Name.LocalName == "Error"))
                refused.Add((Child(error, "Key") ?? "", Child(error, "Message") is { Length: > 0 } message ? message : Child(error, "Code") ?? "refused"));
        }
        catch (AmazonS3Exception unknown) when (unknown.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.BadRequest or HttpStatusCode.MethodNotAllowed)
        {
            foreach (var key in writable)
                await DeleteOneAsync(key, refused, cancellation);
        }
        return refused;
    }

    private async Task DeleteOneAsync(string key, List<(string, string)> refused, CancellationToken cancellation)
    {
        try
        {
            await OrNullAsync(() => CallAsync<string?>(HttpMethod.Delete, key, [], NoHeaders, null, (_, _) => Task.FromResult<string?>("deleted"), cancellation));
        }
        catch (AmazonS3Exception refusal) when (refusal.ErrorCode != "NoSuchBucket")
        {
            refused.Add((key, refusal.Message));
        }
    }

    private static ObjectFacts Facts(HttpResponseMessage response) =>
        new(response.Content.Headers.ContentLength ?? 0, ETagOf(response), ObjectHeaders.Of(response));

    private static string ETagOf(HttpResponseMessage response) => response.Headers.NonValidated.TryGetValues("ETag", out var values) ? Unquoted(values.ToString()) : "";

    private static KeyValuePair<string, string> CopySource(string bucket, string key) => new("x-amz-copy-source", $"/{Uri.EscapeDataString(bucket)}/{Escaped(key)}");

    private static async Task<PooledBytes> BytesAsync(HttpResponseMessage response, long size, IdleTimer idle)
    {
        var bytes = new PooledBytes(checked((int)size));
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(idle.Token);
            for (var at = 0; at < size;)
            {
                var read = await stream.ReadAsync(bytes.Memory[at..], idle.Token);
                if (read == 0)
                    throw new IOException("The connection ended before the object did.");
                at += read;
                if (at < size)
                    idle.Moved();
            }
            return bytes;
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>The answer to a request whose failure may come with status 200, because the work goes on after the headers were sent.</summary>
    private static async Task<XElement> AnswerAsync(HttpResponseMessage response, string? key, IdleTimer idle)
    {
        var text = await response.Content.ReadAsStringAsync(idle.Token);
        if (ErrorOf(text) is { Code: { } code } error)
            throw Refusal(code is "InternalError" or "SlowDown" ? HttpStatusCode.InternalServerError : HttpStatusCode.BadRequest, error, key);
        return text.Length == 0 ? new XElement("Empty") : XElement.Parse(text);
    }

    private static async Task<T?> OrNullAsync<T>(Func<Task<T?>> call) where T : class
    {
        try
        {
            return await call();
        }
        catch (AmazonS3Exception error) when (StorageFailures.IsMissing(error))
        {
            return null;
        }
    }

#pragma warning disable CA5351 // MD5 is what S3 checks bodies and names versions with; nothing secret depends on it.
    internal static byte[] Md5(ReadOnlyMemory<byte> content) => System.Security.Cryptography.MD5.HashData(content.Span);
#pragma warning restore CA5351
}
