using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Xml;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>An object as a listing names it; the entity tag has no quotes.</summary>
public sealed record ListedObject(string Key, long Size, string ETag);

/// <summary>A page of a listing.</summary>
/// <param name="Folders">Prefixes that end with a slash; of a page by folder only.</param>
internal sealed record ListedPage(List<ListedObject> Objects, List<string> Folders, bool IsTruncated)
{
    /// <summary>Whether another page follows. One that is empty ends a listing, whatever the store says.</summary>
    public bool Continues => IsTruncated && Objects.Count > 0;
}

/// <summary>A store lists a key whose bytes are not UTF-8. No S3 client can name such an object.</summary>
public sealed class UnreadableKeyException(string key) : Exception($"the store lists a key whose bytes are not UTF-8: {key}");

internal sealed partial class S3Wire
{
    /// <summary>Keys of a page, at most.</summary>
    public const int PageSize = 1000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly XmlReaderSettings Lenient = new() { CheckCharacters = false, DtdProcessing = DtdProcessing.Prohibit, IgnoreWhitespace = true };

    /// <summary>
    /// Objects under a prefix whose key is in the range, in the order of UTF-8 bytes. The next pages are asked for while the caller works on this one:
    /// one, or those of several folders as <see cref="FolderWalk"/> does it.
    /// </summary>
    public async IAsyncEnumerable<ListedObject> ListAsync(string prefix, KeyRange range, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await foreach (var found in FolderWalk.ListAsync(this, prefix, range, stop.Token))
            {
                if (!range.IsBeforeEnd(found.Key))
                    yield break;
                yield return found;
            }
        }
        finally
        {
            // Pages that were asked for in vain.
            await stop.CancelAsync();
        }
    }

    /// <summary>Every object under a prefix after a key, page by page. The next page is asked for while the caller works on this one.</summary>
    public async IAsyncEnumerable<ListedPage> PagesAsync(string prefix, string? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var next = PageAsync(prefix, after, PageSize, cancellation);
        while (true)
        {
            var page = await next;
            if (page.Continues)
                next = PageAsync(prefix, page.Objects[^1].Key, PageSize, cancellation);
            yield return page;
            if (!page.Continues)
                yield break;
        }
    }

    /// <summary>One page of a listing. It begins after a key and not at a token, so that it can be asked for again by anybody.</summary>
    public Task<ListedPage> PageAsync(string prefix, string? after, int size, CancellationToken cancellation) => PageAsync(prefix, after, size, byFolder: false, cancellation);

    /// <summary>Lists one level: the objects directly under a prefix, and the names of the folders there.</summary>
    public Task<ListedPage> FolderPageAsync(string prefix, string after, CancellationToken cancellation) => PageAsync(prefix, after, PageSize, byFolder: true, cancellation);

    private Task<ListedPage> PageAsync(string prefix, string? after, int size, bool byFolder, CancellationToken cancellation)
    {
        var parameters = new List<(string, string)>(6) { ("encoding-type", "url"), ("list-type", "2"), ("max-keys", size.ToString(CultureInfo.InvariantCulture)) };
        if (byFolder)
            parameters.Insert(0, ("delimiter", "/"));
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

    private static ListedPage Parse(Stream text)
    {
        var (objects, folders, isTruncated, isEncoded) = (new List<ListedObject>(), new List<string>(), false, false);
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
                case "Prefix" when depth == 2: folders.Add(reader.ReadElementContentAsString()); break;
                case "Size" when depth == 2: size = long.Parse(reader.ReadElementContentAsString(), CultureInfo.InvariantCulture); break;
                case "ETag" when depth == 2: etag = Unquoted(reader.ReadElementContentAsString()); break;
                default: reader.Read(); break;
            }
        }
        // Some stores name the encoding after the objects.
        return isEncoded
            ? new ListedPage(objects.ConvertAll(static found => found with { Key = Decoded(found.Key) }), folders.ConvertAll(Decoded), isTruncated)
            : new ListedPage(objects, folders, isTruncated);
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
