using System.Globalization;
using System.Net;
using System.Text;
using System.Xml.Linq;
using Amazon.S3;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>A part that the store holds.</summary>
internal sealed record StoredPart(int Number, long Size, string ETag);

/// <summary>A multipart upload that was begun and neither joined nor aborted.</summary>
internal sealed record OpenUpload(string Id, DateTimeOffset Begun);

internal sealed partial class S3Wire
{
    /// <summary>Begins a multipart upload and returns its id.</summary>
    public Task<string> BeginUploadAsync(string key, ObjectHeaders headers, CancellationToken cancellation) =>
        CallAsync(HttpMethod.Post, key, [("uploads", "")], headers.All, null,
            async (response, idle) => Child(await AnswerAsync(response, key, idle), "UploadId") ?? throw new IOException("The store named no multipart upload."), cancellation);

    /// <summary>Stores one part and returns its entity tag.</summary>
    public Task<string> PutPartAsync(string key, string uploadId, int number, ReadOnlyMemory<byte> content, byte[] md5, CancellationToken cancellation) =>
        CallAsync(HttpMethod.Put, key, Part(uploadId, number), [new("content-md5", Convert.ToBase64String(md5))], content, (response, _) => Task.FromResult(ETagOf(response)), cancellation);

    /// <summary>Copies the range <paramref name="from"/>..<paramref name="to"/> (both inclusive) of an object of the same service into a part and returns its entity tag; null if there is no source.</summary>
    /// <exception cref="ObjectChangedException">The source has another entity tag.</exception>
    public async Task<string?> CopyPartAsync(string source, string key, string uploadId, int number, string ifMatch, long from, long to, CancellationToken cancellation)
    {
        KeyValuePair<string, string>[] headers =
            [CopySource(source, key), new("x-amz-copy-source-if-match", Quoted(ifMatch)), new("x-amz-copy-source-range", string.Create(CultureInfo.InvariantCulture, $"bytes={from}-{to}"))];
        try
        {
            return await OrNullAsync(() => CallAsync<string?>(HttpMethod.Put, key, Part(uploadId, number), headers, null,
                async (response, idle) => Unquoted(Child(await AnswerAsync(response, key, idle), "ETag")), cancellation));
        }
        catch (AmazonS3Exception changed) when (changed.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            throw new ObjectChangedException(key, changed);
        }
    }

    /// <summary>The parts that an upload has; null if there is no such upload.</summary>
    public async Task<IReadOnlyList<StoredPart>?> ListPartsAsync(string key, string uploadId, CancellationToken cancellation)
    {
        var parts = new List<StoredPart>();
        var after = "0";
        while (true)
        {
            XElement page;
            try
            {
                page = await CallAsync(HttpMethod.Get, key, [("part-number-marker", after), ("uploadId", uploadId)], NoHeaders, null, (response, idle) => AnswerAsync(response, key, idle), cancellation);
            }
            catch (AmazonS3Exception gone) when (gone.StatusCode == HttpStatusCode.NotFound && gone.ErrorCode != "NoSuchBucket")
            {
                return null;
            }
            foreach (var part in page.Elements().Where(static element => element.Name.LocalName == "Part"))
                parts.Add(new StoredPart(int.Parse(Child(part, "PartNumber")!, CultureInfo.InvariantCulture), long.Parse(Child(part, "Size")!, CultureInfo.InvariantCulture), Unquoted(Child(part, "ETag"))));
            if (Child(page, "IsTruncated") != "true" || Child(page, "NextPartNumberMarker") is not { } next || next == after)
                return parts;
            after = next;
        }
    }

    /// <summary>The uploads of a key that are open, at most a thousand.</summary>
    public Task<IReadOnlyList<OpenUpload>> ListUploadsAsync(string key, CancellationToken cancellation) =>
        // In the order of keys, so that those of this key come before those of longer ones.
        CallAsync<IReadOnlyList<OpenUpload>>(HttpMethod.Get, null, [("encoding-type", "url"), ("prefix", key), ("uploads", "")], NoHeaders, null, async (response, idle) =>
            [.. (await AnswerAsync(response, null, idle)).Elements()
                .Where(element => element.Name.LocalName == "Upload" && Uri.UnescapeDataString((Child(element, "Key") ?? "").Replace('+', ' ')) == key)
                .Select(static element => new OpenUpload(Child(element, "UploadId")!, DateTimeOffset.Parse(Child(element, "Initiated")!, CultureInfo.InvariantCulture)))], cancellation);

    /// <summary>Joins the parts into the object and returns its entity tag.</summary>
    public Task<string> CompleteUploadAsync(string key, string uploadId, IEnumerable<StoredPart> parts, CancellationToken cancellation)
    {
        var body = Encoding.UTF8.GetBytes(new XElement("CompleteMultipartUpload", parts.OrderBy(static part => part.Number).Select(static part =>
            new XElement("Part", new XElement("PartNumber", part.Number), new XElement("ETag", Quoted(part.ETag))))).ToString(SaveOptions.DisableFormatting));
        return CallAsync(HttpMethod.Post, key, [("uploadId", uploadId)], NoHeaders, body, async (response, idle) => Unquoted(Child(await AnswerAsync(response, key, idle), "ETag")), cancellation);
    }

    /// <summary>Removes an upload and its parts. Succeeds if there is no such upload.</summary>
    public Task AbortUploadAsync(string key, string uploadId, CancellationToken cancellation) =>
        OrNoUploadAsync(CallAsync(HttpMethod.Delete, key, [("uploadId", uploadId)], NoHeaders, null, static (_, _) => Task.FromResult("aborted"), cancellation));

    private static async Task OrNoUploadAsync(Task call)
    {
        try
        {
            await call;
        }
        catch (AmazonS3Exception gone) when (gone.StatusCode == HttpStatusCode.NotFound)
        {
            // Nothing is left to abort.
        }
    }

    private static (string, string)[] Part(string uploadId, int number) => [("partNumber", number.ToString(CultureInfo.InvariantCulture)), ("uploadId", uploadId)];
}
