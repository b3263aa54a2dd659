using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Orchestrations.Training;

namespace VisionPlatform.Orchestrations;

public static class OrchestrationServices
{
    /// <summary>Registers what the activities share beyond the infrastructure.</summary>
    public static IServiceCollection AddOrchestrations(this IServiceCollection services) => services.AddScoped<TrainerJobs>();
}
