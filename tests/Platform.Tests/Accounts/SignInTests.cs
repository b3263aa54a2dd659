using System.Net;
using System.Runtime.InteropServices;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Accounts;

public sealed class SignInTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Signing_in_returns_what_a_client_needs()
    {
        var user = await Host.AddUserAsync(Host.App.Databases, SystemRole.AdvancedEngineer);
        using var client = Host.App.NewClient();

        var session = (await client.SignInAsync($"  {user.Email.ToUpperInvariant()} ")).Expect(200);

        Assert.Equal("Bearer", session.Text("tokenType"));
        Assert.Equal(3600, session.Body.GetProperty("expiresIn").GetInt32());
        Assert.False(session.Body.GetProperty("mustChangePassword").GetBoolean());
        Assert.Equal("advanced_engineer", session.Body.GetProperty("user").GetProperty("role").GetString());
        var me = (await client.GetAsync("auth/me")).Expect(200);
        Assert.Equal(user.Id, me.Id);
        Assert.Equal(user.Email, me.Text("email"));
    }

    [Fact]
    public async Task A_password_in_other_case_is_wrong()
    {
        var user = await Host.AddUserAsync(Host.App.Databases);
        using var client = Host.App.NewClient();

        (await client.SignInAsync(user.Email, ApiClient.Password.ToUpperInvariant())).Expect(401, "INVALID_CREDENTIALS");
        (await client.SignInAsync(user.Email, char.ToUpperInvariant(ApiClient.Password[0]) + ApiClient.Password[1..])).Expect(401, "INVALID_CREDENTIALS");
        (await client.SignInAsync(user.Email)).Expect(200);
    }

    [Fact]
    public async Task Every_failed_sign_in_gets_the_same_answer()
    {
        var known = await Host.AddUserAsync(Host.App.Databases);
        var inactive = await Host.AddUserAsync(Host.App.Databases);
        await ChangeAsync(inactive.Id, user => user.IsActive = false);
        using var client = Host.App.NewClient();

        var answers = new[]
        {
            await client.SignInAsync(known.Email, "not the password"),
            await client.SignInAsync($"nobody.{Guid.NewGuid():n}@platform.test"),
            await client.SignInAsync(inactive.Email),
            await client.SignInAsync("this is no address"),
        };

        Assert.All(answers, answer => answer.Expect(401, "INVALID_CREDENTIALS"));
        Assert.Single(answers.Select(answer => answer.RawText.Replace(answer.Text("traceId")!, "", StringComparison.Ordinal)).Distinct());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_fifth_failure_in_a_row_locks_an_address_with_or_without_an_account(bool hasAccount)
    {
        var email = hasAccount ? (await Host.AddUserAsync(Host.App.Databases)).Email : $"nobody.{Guid.NewGuid():n}@platform.test";
        using var client = Host.App.NewClient();
        for (var i = 0; i < 5; i++)
            (await client.SignInAsync(email, $"guess {i}")).Expect(401);

        var locked = (await client.SignInAsync(email)).Expect(429, "TOO_MANY_ATTEMPTS");

        Assert.InRange(locked.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30);
    }

    [Fact]
    public async Task A_successful_sign_in_resets_the_count_of_failures()
    {
        var user = await Host.AddUserAsync(Host.App.Databases);
        using var client = Host.App.NewClient();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 4; i++)
                (await client.SignInAsync(user.Email, "a guess")).Expect(401);
            (await client.SignInAsync(user.Email)).Expect(200);
        }
    }

    [Fact]
    public async Task Only_the_hash_of_a_refresh_token_is_stored()
    {
        using var client = await Host.NewUserAsync();
        await using var database = Host.App.Databases.OpenUsers();

        var stored = await database.RefreshTokens.SingleAsync(token => token.UserId == client.UserId);

        Assert.Equal(32, stored.TokenHash.Length);
        Assert.DoesNotContain(client.RefreshToken!, System.Text.Encoding.UTF8.GetString(stored.TokenHash), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changing_the_password_ends_every_other_session()
    {
        using var client = await Host.NewUserAsync();
        using var other = Host.App.NewClient();
        await other.SignInAsync(client.Email);

        var session = (await client.PutAsync("auth/password", new { currentPassword = ApiClient.Password, newPassword = "another long pass phrase" })).Expect(200);

        (await other.PostAsync("auth/refresh", new { refreshToken = other.RefreshToken })).Expect(401);
        (await other.SignInAsync(client.Email)).Expect(401);
        (await other.SignInAsync(client.Email, "another long pass phrase")).Expect(200);
        client.Use(session);
        (await client.GetAsync("auth/me")).Expect(200);
    }

    [Fact]
    public async Task Access_tokens_from_before_the_password_change_are_refused()
    {
        using var client = await Host.NewUserAsync();

        await ChangeAsync(client.UserId, user => user.PasswordChangedAt = DateTimeOffset.UtcNow.AddSeconds(2));

        (await client.GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
    }

    [Theory]
    [InlineData("short")]
    [InlineData("Password12345!")]
    [InlineData("aaaaaaaaaaaaaaaa")]
    [InlineData(ApiClient.Password)]
    public async Task A_weak_or_unchanged_password_is_refused_with_its_field(string wanted)
    {
        using var client = await Host.NewUserAsync();

        var refused = await client.PutAsync("auth/password", new { currentPassword = ApiClient.Password, newPassword = wanted });

        Assert.NotEmpty(refused.Expect(422, "WEAK_PASSWORD").ErrorsOf("newPassword"));
    }

    [Fact]
    public async Task A_wrong_current_password_changes_nothing()
    {
        using var client = await Host.NewUserAsync();

        var refused = await client.PutAsync("auth/password", new { currentPassword = "not this one", newPassword = "another long pass phrase" });

        Assert.NotEmpty(refused.Expect(422, "VALIDATION_FAILED").ErrorsOf("currentPassword"));
        (await client.SignInAsync(client.Email)).Expect(200);
    }

    [Fact]
    public async Task A_bcrypt_hash_of_an_older_system_is_accepted_and_replaced()
    {
        var user = await Host.AddUserAsync(Host.App.Databases, passwordHash: OldHash.Of(ApiClient.Password));
        using var client = Host.App.NewClient();
        (await client.SignInAsync(user.Email, "wrong")).Expect(401);

        (await client.SignInAsync(user.Email)).Expect(200);

        await using var database = Host.App.Databases.OpenUsers();
        Assert.DoesNotContain("$2b$", (await database.Users.SingleAsync(u => u.Id == user.Id)).PasswordHash, StringComparison.Ordinal);
        (await client.SignInAsync(user.Email)).Expect(200);
    }

    [Fact]
    public async Task Simultaneous_rehashes_and_password_changes_leave_one_working_password()
    {
        var user = await Host.AddUserAsync(Host.App.Databases, passwordHash: OldHash.Of(ApiClient.Password));
        using var client = Host.App.NewClient();

        Assert.All(await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => client.PostAsync("auth/login", new { email = user.Email, password = ApiClient.Password }))), answer => answer.Expect(200));

        (await client.SignInAsync(user.Email)).Expect(200);
        var changes = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => client.PutAsync("auth/password", new { currentPassword = ApiClient.Password, newPassword = $"another long pass phrase {i}" })));
        Assert.Equal(1, changes.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.All(changes.Where(answer => answer.Status != HttpStatusCode.OK), answer => Assert.Contains((int)answer.Status, (int[])[401, 422]));
    }

    [Fact]
    public async Task A_lower_role_or_a_deactivation_takes_effect_in_the_next_request()
    {
        using var client = await Host.NewUserAsync(SystemRole.Admin);
        await ChangeAsync(client.UserId, user => user.Role = SystemRole.Guest);
        Assert.Equal("guest", (await client.GetAsync("auth/me")).Text("role"));

        await ChangeAsync(client.UserId, user => user.IsActive = false);

        (await client.GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await client.PostAsync("auth/refresh", new { refreshToken = client.RefreshToken })).Expect(401, "INVALID_REFRESH_TOKEN");
    }

    [Fact]
    public async Task Expired_changed_and_foreign_tokens_are_refused()
    {
        using var client = await Host.NewUserAsync();
        var tokens = new SignedToken(PlatformHost.JwtSecret, TimeProvider.System);
        var good = client.AccessToken!;
        var session = tokens.Verify(good, "platform").Claims!.SessionId;
        var claims = new TokenClaims { Audience = "platform", Subject = client.UserId.ToString(), SessionId = session, NotBefore = 1, ExpiresAt = 2 };
        var fresh = claims with { NotBefore = 0, ExpiresAt = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds() };
        var parts = good.Split('.');
        var unsigned = Convert.ToBase64String("""{"alg":"none","typ":"JWT"}"""u8).TrimEnd('=').Replace('+', '-').Replace('/', '_');

        (await client.WithToken(tokens.Sign(fresh)).GetAsync("auth/me")).Expect(200);
        (await client.WithToken(tokens.Sign(fresh with { Audience = "trainer" })).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await client.WithToken(tokens.Sign(fresh with { Audience = "account" })).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await client.WithToken(tokens.Sign(fresh with { SessionId = null })).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await client.WithToken(tokens.Sign(fresh with { SessionId = Guid.CreateVersion7().ToString() })).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await client.WithToken(tokens.Sign(fresh with { Subject = Host.Admin.UserId.ToString() })).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await client.WithToken($"{unsigned}.{parts[1]}.").GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await client.WithToken($"{unsigned}.{parts[1]}.{parts[2]}").GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");

        (await client.WithToken(tokens.Sign(claims)).GetAsync("auth/me")).Expect(401, "TOKEN_EXPIRED");
        (await client.WithToken(good[..^3] + "AAA").GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        (await client.WithToken(new AttemptTokens(tokens).Mint(client.UserId, DateTimeOffset.UtcNow.AddHours(1))).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        var missing = (await client.WithToken(null).GetAsync("auth/me")).Expect(401, "UNAUTHENTICATED");
        Assert.Equal("Bearer", missing.Headers.WwwAuthenticate.ToString());
        (await client.WithToken(good).GetAsync("auth/me")).Expect(200);
    }

    private async Task ChangeAsync(Guid userId, Action<User> change)
    {
        await using var database = Host.App.Databases.OpenUsers();
        change(await database.Users.SingleAsync(user => user.Id == userId));
        await database.SaveChangesAsync();
    }

    /// <summary>Computes bcrypt hashes as the older system did.</summary>
    private static class OldHash
    {
        public static string Of(string password) => Marshal.PtrToStringUTF8(Crypt(password, "$2b$04$abcdefghijklmnopqrstuu"))!;

        [DllImport("libcrypt.so.1", EntryPoint = "crypt")]
        private static extern nint Crypt([MarshalAs(UnmanagedType.LPUTF8Str)] string phrase, [MarshalAs(UnmanagedType.LPUTF8Str)] string setting);
    }
}
