using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools.Adoption;

/// <summary>Checks whether the claimed parents are possible. A thin device holds all of its own content: if its parent
/// is missing, it loses only its place in the tree.</summary>
internal sealed class AdoptionLineage(Dictionary<ThinId, AdoptionClaim> claims)
{
    public AdoptionClaim Of(AdoptionClaim claim, ImmutableArray<AdoptionFinding>.Builder findings)
    {
        var why = claim.Parent is not { } id ? null
            : !claims.TryGetValue(id, out var parent) ? $"thin id {id}, above which it lies, is not taken over"
            : parent.Kind == DeviceKind.Container ? $"{parent.Key}, above which it is claimed to lie, is a container"
            : parent.Phase == DevicePhase.Removing && claim.Phase != DevicePhase.Removing
                ? $"{parent.Key}, above which it is claimed to lie, is being removed"
            : IsAboveItself(claim) ? "it is claimed to lie above itself"
            : null;
        if (why is not null)
            findings.Add(new AdoptionFinding(AdoptionDifference.NoParent, claim.Key.ToString(), why));
        return why is null ? claim : claim with { Parent = null };
    }

    private bool IsAboveItself(AdoptionClaim claim)
    {
        var seen = new HashSet<ThinId>();
        for (var at = claim; at.Parent is { } next && claims.TryGetValue(next, out var below); at = below)
        {
            if (next == claim.Id)
                return true;
            if (!seen.Add(next))
                return false;
        }
        return false;
    }
}
