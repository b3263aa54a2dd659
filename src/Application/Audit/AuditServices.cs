using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Application.Audit;

public static class AuditServices
{
    /// <summary>Registers the audit log. Needs the persistence services.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services)
    {
        services.AddScoped<AuditLog>();
        services.AddSingleton<AuditBatch>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditBatch>());
        return services;
    }
}
