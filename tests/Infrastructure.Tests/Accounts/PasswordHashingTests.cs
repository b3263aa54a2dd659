using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Infrastructure.Tests.Accounts;

public sealed class PasswordHashingTests : IDisposable
{
    private readonly PasswordHashing _passwords = new();

    [Fact]
    public async Task A_hash_verifies_only_its_password_and_is_different_each_time()
    {
        var hash = await _passwords.HashAsync("correct horse battery", CancellationToken.None);

        Assert.Equal(new PasswordCheck(true, false), await _passwords.VerifyAsync(hash, "correct horse battery", CancellationToken.None));
        Assert.Equal(new PasswordCheck(false, false), await _passwords.VerifyAsync(hash, "correct horse batterz", CancellationToken.None));
        Assert.NotEqual(hash, await _passwords.HashAsync("correct horse battery", CancellationToken.None));
    }

    [Fact]
    public async Task The_cost_is_the_currently_recommended_one()
    {
        var hash = Convert.FromBase64String(await _passwords.HashAsync("x", CancellationToken.None));

        // Format v3: marker 1, then PRF, iterations and salt length, four bytes each, big-endian. PRF 2 is HMAC-SHA-512.
        Assert.Equal(1, hash[0]);
        Assert.Equal(2u, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(1)));
        Assert.Equal((uint)PasswordHashing.Iterations, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5)));
    }

    // The published test vector of the bcrypt authors' crypt_blowfish: "U*U".
    [Theory]
    [InlineData("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U", true)]
    [InlineData("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U*", false)]
    [InlineData("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U\0more", false)]
    [InlineData("$2b$nonsense", "U*U", false)]
    public async Task Bcrypt_hashes_verify_and_need_a_rehash(string hash, string password, bool fits) =>
        Assert.Equal(new PasswordCheck(fits, fits), await _passwords.VerifyAsync(hash, password, CancellationToken.None));

    [Fact]
    public async Task A_check_without_an_account_computes_as_much_and_fails()
    {
        var hash = await _passwords.HashAsync("a password", CancellationToken.None);
        await _passwords.VerifyAsync(null, "warm", CancellationToken.None);

        var (known, unknown) = (0.0, 0.0);
        for (var i = 0; i < 5; i++)
        {
            known += Cost(hash);
            unknown += Cost(null);
        }

        Assert.InRange(unknown / known, 0.5, 2);
    }

    public void Dispose() => _passwords.Dispose();

    // The CPU time of a check, which the calling thread does alone: a busy machine makes only the clock on the wall go on.
    private double Cost(string? hash)
    {
        var before = NanosecondsOfThread();
        Assert.False(_passwords.VerifyAsync(hash, "another", CancellationToken.None).GetAwaiter().GetResult().Fits);
        return NanosecondsOfThread() - before;
    }

    private static double NanosecondsOfThread() => double.Parse(File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
}
