using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace VisionPlatform.Infrastructure.Accounts;

public static class AccountServices
{
    /// <summary>Registers tokens, password hashing, sign-in and the making of the first administrator. Needs the persistence services.</summary>
    public static IServiceCollection AddAccounts(this IServiceCollection services, AccountSettings settings)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton(provider => new SignedToken(settings.Secret, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<AttemptTokens>();
        services.AddSingleton<PasswordHashing>();
        services.AddScoped<SignInThrottle>();
        services.AddScoped<RefreshTokens>();
        services.AddScoped<SignIn>();
        services.AddHostedService<BootstrapAdmin>();
        return services;
    }
}
