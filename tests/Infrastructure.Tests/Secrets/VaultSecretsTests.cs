using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Secrets;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Tests.Secrets;

public sealed class VaultSecretsTests : IAsyncLifetime
{
    private const string First = "the first secret, which is long enough to sign";
    private const string Second = "the second secret, which is long enough as well";
    private LoopbackVault _vault = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _vault = await LoopbackVault.StartAsync();

    public ValueTask DisposeAsync() => _vault.DisposeAsync();

    [Fact]
    public async Task Secrets_of_the_vault_become_settings_and_the_environment_overrides_them()
    {
        _vault.Set("JWT-SECRET", "from the vault");
        _vault.Set("TRAINER-API-KEY", "from the vault too");
        _vault.Set("GOOGLE-API-KEY", "disabled", enabled: false);
        _vault.Set("LLM-MODEL", "no secret, so not asked for");
        _vault.Set("SOMETHING-ELSE", "nobody's setting");

        var configuration = await ConfigurationAsync(_vault.Connect(), ("TRAINER_API_KEY", "from the environment"));

        Assert.Equal(("from the vault", "from the environment", null, null), (configuration["JWT_SECRET"], configuration["TRAINER_API_KEY"], configuration["GOOGLE_API_KEY"], configuration["LLM_MODEL"]));
        Assert.Equal(["JWT-SECRET", "TRAINER-API-KEY"], _vault.Asked.Order());
    }

    [Fact]
    public async Task A_secret_is_read_again_only_when_it_has_changed()
    {
        _vault.Set("JWT-SECRET", "first");
        _vault.Set("TRAINER-API-KEY", "stays");
        var vault = _vault.Connect();
        var configuration = await ConfigurationAsync(vault);
        var reloads = 0;
        using var watch = Microsoft.Extensions.Primitives.ChangeToken.OnChange(configuration.GetReloadToken, () => reloads++);

        Assert.Empty(await vault.RefreshAsync(Cancel));
        Assert.Equal((2, 0), (_vault.Asked.Count, reloads));

        _vault.Set("JWT-SECRET", "second");
        Assert.Equal(["JWT_SECRET"], await vault.RefreshAsync(Cancel));
        Assert.Equal(("second", "stays", 3, 1), (configuration["JWT_SECRET"], configuration["TRAINER_API_KEY"], _vault.Asked.Count, reloads));

        _vault.Remove("TRAINER-API-KEY");
        Assert.Equal(["TRAINER_API_KEY"], await vault.RefreshAsync(Cancel));
        Assert.Null(configuration["TRAINER_API_KEY"]);
    }

    [Fact]
    public async Task The_last_secrets_stay_in_use_while_the_vault_is_unavailable()
    {
        _vault.Set("JWT-SECRET", First);
        var (refresh, configuration, _) = await RefreshAsync();

        _vault.Broken = 500;
        await refresh.RefreshAsync(Cancel);
        Assert.Equal(First, configuration["JWT_SECRET"]);

        _vault.Broken = null;
        _vault.Set("JWT-SECRET", Second);
        await refresh.RefreshAsync(Cancel);
        Assert.Equal(Second, configuration["JWT_SECRET"]);
    }

    [Fact]
    public async Task A_new_signing_secret_is_used_at_once_unless_it_is_too_short()
    {
        _vault.Set("JWT-SECRET", First);
        var (refresh, _, tokens) = await RefreshAsync();
        var old = tokens.Sign(Claims());

        _vault.Set("JWT-SECRET", Second);
        _vault.Set("JWT-SECRET-PREVIOUS", First);
        await refresh.RefreshAsync(Cancel);
        Assert.NotNull(tokens.Verify(old, "test").Claims);
        Assert.NotNull(new SignedToken(Second, TimeProvider.System).Verify(tokens.Sign(Claims()), "test").Claims);

        _vault.Remove("JWT-SECRET-PREVIOUS");
        await refresh.RefreshAsync(Cancel);
        Assert.Null(tokens.Verify(old, "test").Claims);

        var present = tokens.Sign(Claims());
        _vault.Set("JWT-SECRET", "too short");
        await refresh.RefreshAsync(Cancel);
        Assert.NotNull(tokens.Verify(present, "test").Claims);
    }

    [Fact]
    public async Task An_unavailable_vault_is_reported_in_one_line()
    {
        var vault = _vault.Connect();
        await _vault.StopAsync();
        var failure = await Assert.ThrowsAsync<SettingsException>(() => vault.LoadAsync(Cancel));
        Assert.Matches("^KEYVAULT_URI: the key vault https://127[^ ]+ (does not answer: check the address|gets no token)", failure.Message);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public async Task Missing_rights_in_the_vault_are_reported_with_what_to_do()
    {
        _vault.Broken = 403;
        var failure = await Assert.ThrowsAsync<SettingsException>(() => _vault.Connect().LoadAsync(Cancel));
        Assert.EndsWith("refuses this app: give its identity the role Key Vault Secrets User", failure.Message);
    }

    [Fact]
    public async Task An_app_without_an_identity_is_told_how_to_sign_in()
    {
        var failure = await Assert.ThrowsAsync<SettingsException>(() => _vault.Connect(clientSecret: "guessed").LoadAsync(Cancel));
        Assert.Contains("gets no token for this app: give the app a managed identity, or set AZURE_TENANT_ID", failure.Message);
        Assert.DoesNotContain("guessed", failure.ToString());
    }

    private static TokenClaims Claims() => new() { Audience = "test", Subject = "somebody", ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(5).ToUnixTimeSeconds() };

    private async Task<(VaultRefresh Refresh, IConfiguration Configuration, SignedToken Tokens)> RefreshAsync()
    {
        var vault = _vault.Connect();
        var configuration = await ConfigurationAsync(vault);
        var tokens = new SignedToken(configuration["JWT_SECRET"]!, TimeProvider.System);
        return (new VaultRefresh(vault, new VaultSettings(_vault.Address, TimeSpan.FromMinutes(15)), configuration, tokens, TimeProvider.System, NullLogger<VaultRefresh>.Instance), configuration, tokens);
    }

    private static async Task<IConfiguration> ConfigurationAsync(VaultSecrets vault, params (string Name, string Value)[] environment)
    {
        await vault.LoadAsync(Cancel);
        var builder = new ConfigurationManager();
        ((IConfigurationBuilder)builder).AddInMemoryCollection(environment.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value)));
        ((IConfigurationBuilder)builder).Sources.Insert(0, vault);
        return builder;
    }
}
