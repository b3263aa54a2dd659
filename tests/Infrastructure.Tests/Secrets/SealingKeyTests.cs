using VisionPlatform.Infrastructure.Secrets;

namespace VisionPlatform.Infrastructure.Tests.Secrets;

public sealed class SealingKeyTests
{
    /// <summary>Test case 14 of the GCM specification (McGrew and Viega): key, nonce and text are zeros.</summary>
    [Fact]
    public void Content_sealed_by_another_implementation_opens_as_nonce_tag_and_ciphertext() =>
        Assert.Equal(new byte[16], new SealingKey(new byte[32]).Open(Convert.FromHexString(
            "000000000000000000000000" + "d0d1c8a799996bf0265b98b5d48ab919" + "cea7403d4d606b6e074ec5d3baf39d18")));

    /// <summary>The derivation as another implementation computes it: HKDF of Python's hmac module, no salt, 32 bytes.</summary>
    [Fact]
    public void A_secret_has_a_different_key_for_each_purpose()
    {
        var answer = SealingKey.Derive("a secret"u8, "idempotent answer").Seal("text"u8);

        Assert.Equal("text"u8, new SealingKey(Convert.FromHexString("1fd3b4da30081b92f38055706d61f7c04f30b9249337110bf7e7e1c9a47f0ec1")).Open(answer)!);
        Assert.Null(SealingKey.Derive("a secret"u8, "mail").Open(answer));
        Assert.Null(SealingKey.Derive("another secret"u8, "idempotent answer").Open(answer));
    }

    [Fact]
    public void A_changed_byte_or_a_truncated_end_is_detected()
    {
        var key = SealingKey.Derive("a secret"u8, "test");
        var content = key.Seal("text"u8);

        for (var at = 0; at < content.Length; at++)
        {
            content[at] ^= 1;
            Assert.Null(key.Open(content));
            content[at] ^= 1;
            Assert.Null(key.Open(content.AsSpan(0, at)));
        }
        Assert.Equal("text"u8, key.Open(content)!);
    }

    [Fact]
    public void Sealing_the_same_text_twice_gives_different_bytes()
    {
        var key = SealingKey.Derive("a secret"u8, "test");

        Assert.NotEqual(key.Seal("text"u8), key.Seal("text"u8));
    }
}
