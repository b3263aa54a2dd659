using System.Security.Cryptography;
using System.Text;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Infrastructure.Mail;

/// <summary>
/// Text that only this installation can read: AES-256-GCM (NIST SP 800-38D) under a key that is derived from JWT_SECRET
/// (HKDF, RFC 5869). Layout: nonce (12 bytes), tag (16), ciphertext.
/// </summary>
public sealed class SealedText(AccountSettings settings)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    // The present secret first; what was sealed before a change of secret still opens.
    private readonly byte[][] _keys = [.. SecretsOf(settings).Select(secret => Derived(secret, "vision-platform queued mail", 32))];

    /// <summary>Names of the keys that open, 16 hexadecimal digits each; they tell nothing of the keys. <see cref="Seal"/> takes the first.</summary>
    public string[] KeyNames { get; } =
        [.. SecretsOf(settings).Select(secret => Convert.ToHexStringLower(Derived(secret, "vision-platform queued mail: name of the key", 8)))];

    public byte[] Seal(string text)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var result = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(result.AsSpan(0, NonceBytes));
        using var cipher = new AesGcm(_keys[0], TagBytes);
        cipher.Encrypt(result.AsSpan(0, NonceBytes), plain, result.AsSpan(NonceBytes + TagBytes), result.AsSpan(NonceBytes, TagBytes));
        return result;
    }

    /// <summary>The text; null when it was sealed with another secret or changed since.</summary>
    public string? Open(byte[] content)
    {
        if (content.Length < NonceBytes + TagBytes)
            return null;
        var plain = new byte[content.Length - NonceBytes - TagBytes];
        foreach (var key in _keys)
        {
            using var cipher = new AesGcm(key, TagBytes);
            try
            {
                cipher.Decrypt(content.AsSpan(0, NonceBytes), content.AsSpan(NonceBytes + TagBytes), content.AsSpan(NonceBytes, TagBytes), plain);
                return Encoding.UTF8.GetString(plain);
            }
            catch (AuthenticationTagMismatchException)
            {
                // Of the other key, then.
            }
        }
        return null;
    }

    private static IEnumerable<string> SecretsOf(AccountSettings settings) => new[] { settings.Secret, settings.PreviousSecret }.OfType<string>();

    private static byte[] Derived(string secret, string purpose, int bytes) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), bytes, info: Encoding.UTF8.GetBytes(purpose));
}
