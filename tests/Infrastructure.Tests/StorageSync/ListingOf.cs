using System.Collections.Specialized;
using System.Net;
using System.Text;
using System.Web;
using VisionPlatform.Infrastructure.StorageSync;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

/// <summary>Answers listings of keys that no store has to hold, in the order of UTF-8 bytes. For numbers of keys that a test cannot upload.</summary>
internal sealed class ListingOf : HttpMessageHandler
{
    private readonly int _count;
    private readonly Func<int, string> _key;
    private int _requests;

    public ListingOf(IEnumerable<string> keys)
    {
        string[] sorted = [.. keys.Order(Utf8Order.Instance)];
        (_count, _key) = (sorted.Length, i => sorted[i]);
    }

    /// <param name="key">Makes the keys one at a time, in order.</param>
    public ListingOf(int count, Func<int, string> key) => (_count, _key) = (count, key);

    public int Requests => _requests;

    /// <summary>Awaited before each answer, with the query of the request.</summary>
    public Func<NameValueCollection, Task> Before { get; init; } = static _ => Task.CompletedTask;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _requests);
        var query = HttpUtility.ParseQueryString(request.RequestUri!.Query);
        await Before(query);
        var (prefix, after, most) = (query["prefix"] ?? "", query["start-after"] ?? "", int.Parse(query["max-keys"]!, null));
        var at = Math.Max(First(key => Utf8Order.Instance.Compare(key, after) > 0), First(key => Utf8Order.Instance.Compare(key, prefix) >= 0));
        var body = new StringBuilder("<?xml version=\"1.0\"?><ListBucketResult><EncodingType>url</EncodingType>");
        var sent = 0;
        for (; at < _count && sent < most && _key(at).StartsWith(prefix, StringComparison.Ordinal); at++, sent++)
            if (query["delimiter"] is not null && _key(at).IndexOf('/', prefix.Length) is >= 0 and var slash)
            {
                var folder = _key(at)[..(slash + 1)];
                body.Append("<CommonPrefixes><Prefix>").Append(Uri.EscapeDataString(folder)).Append("</Prefix></CommonPrefixes>");
                at = First(key => Utf8Order.Instance.Compare(key, folder) > 0 && !key.StartsWith(folder, StringComparison.Ordinal)) - 1;
            }
            else
                body.Append("<Contents><Key>").Append(Uri.EscapeDataString(_key(at))).Append("</Key><ETag>\"0123456789abcdef0123456789abcdef\"</ETag><Size>10</Size></Contents>");
        var isTruncated = sent == most && at < _count && _key(at).StartsWith(prefix, StringComparison.Ordinal);
        body.Append("<IsTruncated>").Append(isTruncated ? "true" : "false").Append("</IsTruncated></ListBucketResult>");
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body.ToString()), RequestMessage = request };
    }

    private int First(Func<string, bool> isAtOrAfter)
    {
        var (low, high) = (0, _count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (isAtOrAfter(_key(middle)))
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }
}
