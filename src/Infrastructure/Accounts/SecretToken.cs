using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace VisionPlatform.Infrastructure.Accounts;

/// <summary>Tokens that are nothing but chance: 256 random bits, of which only the hash is kept.</summary>
public static class SecretToken
{
    private const int TokenBytes = 32;

    /// <summary>A new token.</summary>
    /// <param name="prefix">What it begins with, to be known by.</param>
    public static string Create(string prefix = "") => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));

    /// <summary>What is stored. 256 random bits cannot be searched, so a plain hash is enough; and it has to be found by it.</summary>
    public static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
