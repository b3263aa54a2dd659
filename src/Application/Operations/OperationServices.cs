using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Infrastructure.Operations;

namespace VisionPlatform.Application.Operations;

internal static class OperationServices
{
    public static IServiceCollection AddOperations(this IServiceCollection services) => services
        .AddScoped<OperationRuns>()
        .AddSingleton<OperationPlans>()
        .AddSingleton<OperationWatch>()
        .AddSingleton<OperationFeed>()
        .AddHostedService(provider => provider.GetRequiredService<OperationFeed>());
}
