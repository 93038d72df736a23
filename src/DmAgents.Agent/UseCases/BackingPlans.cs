using DmAgents.Domain.Pools.Planning;

namespace DmAgents.Agent.UseCases;

internal static class BackingPlans
{
    /// <summary>Returns the plan; throws if it is a refusal.</summary>
    public static BackingPlan.Planned OrRefused(this BackingPlan plan) => plan switch
    {
        BackingPlan.Planned planned => planned,
        BackingPlan.Refused refused => throw Refusals.Of(refused.Refusal),
        _ => throw new InvalidOperationException("a plan of no known kind"),
    };
}
