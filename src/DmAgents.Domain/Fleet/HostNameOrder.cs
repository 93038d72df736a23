namespace DmAgents.Domain.Fleet;

/// <summary>Orders hosts by the bytes of their names: a loop over hosts gives the same result everywhere.</summary>
public sealed class HostNameOrder : IComparer<HostName>
{
    private HostNameOrder()
    {
    }

    public static HostNameOrder Instance { get; } = new();

    public int Compare(HostName x, HostName y) => string.CompareOrdinal(x.Value, y.Value);
}
