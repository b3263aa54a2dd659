using System.Security.Cryptography;
using System.Text;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>Derives the signing keys of AWS Signature Version 4. A key is valid for one UTC day and takes four hashes, so the last one is kept.</summary>
internal sealed class SigningKeys(BucketSettings settings)
{
    private volatile SigningKey? _last;

    private sealed record SigningKey(string Date, byte[] Key);

    /// <param name="date">UTC day, <c>yyyyMMdd</c>.</param>
    public byte[] For(string date)
    {
        if (_last is { } present && present.Date == date)
            return present.Key;
        var key = Encoding.UTF8.GetBytes("AWS4" + settings.SecretKey);
        foreach (var part in (string[])[date, settings.Region, "s3", "aws4_request"])
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        _last = new SigningKey(date, key);
        return key;
    }
}
