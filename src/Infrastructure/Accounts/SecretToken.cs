using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>Random tokens of 256 bits. Only their hash is stored.</summary>
public static class SecretToken
{
    private const int TokenBytes = 32;

    /// <summary>Creates a token.</summary>
    /// <param name="prefix">Text at its beginning that identifies the kind of token.</param>
    public static string Create(string prefix = "") => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));

    /// <summary>The stored hash. It has no salt, because rows are looked up by it and 256 random bits cannot be guessed.</summary>
    public static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
