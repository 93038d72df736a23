using DmAgents.Transfer.Connections;

namespace DmAgents.Transfer.Tests.Connections;

public sealed class ConnectionPaceTests
{
    private readonly ConnectionPace _pace = new(new ConnectionSettings { ConnectionsInVain = 9 });

    [Fact]
    public void A_connection_that_brought_something_is_followed_at_once_by_the_next()
    {
        for (var verified = 0UL; verified < 20; verified++)
            Assert.Equal(0, Next(verified));
    }

    [Fact]
    public void Pauses_double_up_to_the_longest_until_something_comes()
    {
        Assert.Equal([0, 1, 2, 4, 8, 16, 32, 60, 60], Enumerable.Range(0, 9).Select(_ => Next(3)!.Value));
        Assert.Equal([0, 1], [Next(4)!.Value, Next(4)!.Value]);
    }

    [Fact]
    public void So_many_connections_in_vain_are_the_last()
    {
        for (var i = 0; i < 9; i++)
            Assert.NotNull(Next(3));
        Assert.Null(Next(3));
    }

    private double? Next(ulong verified) => _pace.Next((verified, 100))?.TotalSeconds;
}
