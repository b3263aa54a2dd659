using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Xml;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>An object as a listing names it; the entity tag has no quotes.</summary>
public sealed record ListedObject(string Key, long Size, string ETag);

/// <summary>A store lists a key whose bytes are not UTF-8. No S3 client can name such an object.</summary>
public sealed class UnreadableKeyException(string key) : Exception($"the store lists a key whose bytes are not UTF-8: {key}");

internal sealed partial class S3Wire
{
    private const int PageSize = 1000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly XmlReaderSettings Lenient = new() { CheckCharacters = false, DtdProcessing = DtdProcessing.Prohibit, IgnoreWhitespace = true };

    /// <summary>Objects under a prefix whose key is in the range, in the order of UTF-8 bytes. The next page is asked for while the caller works on this one.</summary>
    public async IAsyncEnumerable<ListedObject> ListAsync(string prefix, KeyRange range, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var next = PageAsync(prefix, range.After, PageSize, cancellation);
        while (true)
        {
            var page = await next;
            var isLast = !page.IsTruncated || page.Objects.Count == 0 || !range.IsBeforeEnd(page.Objects[^1].Key);
            if (!isLast)
                next = PageAsync(prefix, page.Objects[^1].Key, PageSize, cancellation);
            foreach (var found in page.Objects)
                if (range.IsBeforeEnd(found.Key))
                    yield return found;
            if (isLast)
                yield break;
        }
    }

    /// <summary>One page of a listing. It begins after a key and not at a token, so that it can be asked for again by anybody.</summary>
    public Task<(List<ListedObject> Objects, bool IsTruncated)> PageAsync(string prefix, string? after, int size, CancellationToken cancellation)
    {
        var parameters = new List<(string, string)>(5) { ("encoding-type", "url"), ("list-type", "2"), ("max-keys", size.ToString(CultureInfo.InvariantCulture)) };
        if (prefix.Length > 0)
            parameters.Add(("prefix", prefix));
        if (!string.IsNullOrEmpty(after))
            parameters.Add(("start-after", after));
        return CallAsync(HttpMethod.Get, null, [.. parameters], NoHeaders, null, async (response, idle) =>
        {
            await using var body = await response.Content.ReadAsStreamAsync(idle.Token);
            using var text = new MemoryStream();
            await body.CopyToAsync(text, idle.Token);
            text.Position = 0;
            return Parse(text);
        }, cancellation);
    }

    private static (List<ListedObject>, bool) Parse(Stream text)
    {
        var (objects, isTruncated, isEncoded) = (new List<ListedObject>(), false, false);
        var (key, size, etag) = ("", 0L, "");
        using var reader = XmlReader.Create(text, Lenient);
        var depth = 0;
        reader.Read();
        while (!reader.EOF)
        {
            if (reader.NodeType == XmlNodeType.EndElement && reader is { LocalName: "Contents", Depth: 1 })
                objects.Add(new ListedObject(key, size, etag));
            if (reader.NodeType != XmlNodeType.Element || (depth = reader.Depth) > 2)
            {
                reader.Read();
                continue;
            }
            switch (reader.LocalName)
            {
                case "IsTruncated" when depth == 1: isTruncated = reader.ReadElementContentAsString() == "true"; break;
                case "EncodingType" when depth == 1: isEncoded = reader.ReadElementContentAsString() == "url"; break;
                case "Key" when depth == 2: key = reader.ReadElementContentAsString(); break;
                case "Size" when depth == 2: size = long.Parse(reader.ReadElementContentAsString(), CultureInfo.InvariantCulture); break;
                case "ETag" when depth == 2: etag = Unquoted(reader.ReadElementContentAsString()); break;
                default: reader.Read(); break;
            }
        }
        // Some stores name the encoding after the objects.
        return (isEncoded ? objects.ConvertAll(static found => found with { Key = Decoded(found.Key) }) : objects, isTruncated);
    }

    /// <summary>The key of a listing with <c>encoding-type=url</c>. Some stores write a space as a plus; a plus is always <c>%2B</c>.</summary>
    internal static string Decoded(string text)
    {
        if (text.AsSpan().IndexOfAny('%', '+') < 0)
            return text;
        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        var length = 0;
        for (var at = 0; at < text.Length;)
            if (text[at] == '%' && at + 2 < text.Length && byte.TryParse(text.AsSpan(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes[length++] = value;
                at += 3;
            }
            else
            {
                var isPair = char.IsHighSurrogate(text[at]) && at + 1 < text.Length;
                length += text[at] == '+' ? Encoding.UTF8.GetBytes(" ", bytes.AsSpan(length)) : Encoding.UTF8.GetBytes(text.AsSpan(at, isPair ? 2 : 1), bytes.AsSpan(length));
                at += isPair ? 2 : 1;
            }
        try
        {
            return Strict.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            throw new UnreadableKeyException(text);
        }
    }
}
