using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Application.Deployments;

public static class DeploymentServices
{
    /// <summary>Registers deployments and their models. Needs the training services.</summary>
    public static IServiceCollection AddDeployments(this IServiceCollection services) => services.AddScoped<ServedModels>().AddScoped<DeploymentLifecycle>();
}
