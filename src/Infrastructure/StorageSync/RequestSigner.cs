using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>
/// Signs requests with AWS Signature Version 4 in the Authorization header
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
/// </summary>
internal sealed class RequestSigner(BucketSettings settings, TimeProvider time)
{
    /// <summary>Payload hash of a request whose body is not signed. The body is protected by its Content-MD5 instead.</summary>
    public const string Unsigned = "UNSIGNED-PAYLOAD";

    /// <summary>Payload hash of a request without a body.</summary>
    public const string NoBody = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private const string Algorithm = "AWS4-HMAC-SHA256";

    private readonly SigningKeys _keys = new(settings);

    /// <summary>Adds the date, the payload hash and the Authorization header to the headers.</summary>
    /// <param name="method">HTTP method in upper case.</param>
    /// <param name="path">Escaped path, as sent.</param>
    /// <param name="query">Escaped parameters in ordinal order, without the question mark, as sent.</param>
    /// <param name="headers">Headers of the request by lower-case name. Those named <c>x-amz-*</c>, Content-MD5 and Content-Type are signed.</param>
    /// <param name="payloadHash">SHA-256 of the body in lower-case hex, or <see cref="Unsigned"/>.</param>
    public void Sign(string method, string path, string query, List<KeyValuePair<string, string>> headers, string payloadHash)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var date = now.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var stamp = now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{date}/{settings.Region}/s3/aws4_request";
        headers.Add(new("x-amz-date", stamp));
        headers.Add(new("x-amz-content-sha256", payloadHash));

        var signed = headers.FindAll(header => header.Key is "content-md5" or "content-type" || header.Key.StartsWith("x-amz-", StringComparison.Ordinal));
        signed.Add(new("host", settings.Endpoint.Authority));
        signed.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        var names = string.Join(';', signed.Select(header => header.Key));
        var canonical = new StringBuilder(512).Append(method).Append('\n').Append(path).Append('\n').Append(query).Append('\n');
        foreach (var (name, value) in signed)
            canonical.Append(name).Append(':').Append(Canonical(value)).Append('\n');
        canonical.Append('\n').Append(names).Append('\n').Append(payloadHash);

        var toSign = $"{Algorithm}\n{stamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(_keys.For(date), Encoding.UTF8.GetBytes(toSign)));
        headers.Add(new("authorization", $"{Algorithm} Credential={settings.AccessKey}/{scope}, SignedHeaders={names}, Signature={signature}"));
    }

    /// <summary>The value as it is signed: without outer spaces, and with one space for several.</summary>
    private static string Canonical(string value) =>
        value.Contains("  ", StringComparison.Ordinal) ? string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries)) : value.Trim();
}
