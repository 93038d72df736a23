using System.Collections.Immutable;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Layers;

namespace DmAgents.Agent.Services;

/// <summary>Attributes that an import omitted, for its reply.</summary>
internal static class LostAttributes
{
    public static LeftOut Of(ImmutableArray<LostXattrCount> lost) => new() { Attributes = { lost.Select(Of) } };

    private static LostAttribute Of(LostXattrCount count) => new()
    {
        Name = count.Name,
        Reason = count.Why switch
        {
            XattrLoss.NotSupported => LostAttribute.Types.Reason.NotSupported,
            XattrLoss.NotPermitted => LostAttribute.Types.Reason.NotPermitted,
            XattrLoss.Invalid => LostAttribute.Types.Reason.Invalid,
            XattrLoss.TooLong => LostAttribute.Types.Reason.TooLong,
            XattrLoss.HostsOwn => LostAttribute.Types.Reason.HostsOwn,
            XattrLoss.NamesWithoutNumbers => LostAttribute.Types.Reason.NamesWithoutNumbers,
            _ => throw new ArgumentOutOfRangeException(nameof(count), count.Why, "Not a reason"),
        },
        Files = (ulong)count.Entries,
        First = count.First,
    };
}
