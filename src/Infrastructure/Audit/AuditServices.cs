using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Infrastructure.Audit;

public static class AuditServices
{
    /// <summary>Registers the audit log. Needs the persistence services.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(AuditSettings.From(configuration));
        services.AddScoped<AuditLog>();
        services.AddSingleton<AuditBatch>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditBatch>());
        return services;
    }
}
