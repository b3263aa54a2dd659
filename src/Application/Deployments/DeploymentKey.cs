using System.Security.Cryptography;
using System.Text;

namespace VisionPlatform.Application.Deployments;

/// <summary>API keys of deployments: a prefix and 256 random bits. Only their hash is stored.</summary>
public static class DeploymentKey
{
    public const string Prefix = "vpd_";

    public static string Create() => Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>SHA-256. A key of 256 random bits needs no slow hash.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Compares in constant time.</summary>
    public static bool Matches(string key, byte[] hash) => CryptographicOperations.FixedTimeEquals(Hash(key), hash);
}
