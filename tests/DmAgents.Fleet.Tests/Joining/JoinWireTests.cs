using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Fleet.Tests.Joining;

/// <summary>Hosts of two releases talk to each other: a format that has to change gets another version, and another
/// line.</summary>
public class JoinWireTests
{
    public static TheoryData<string> Names => [.. Samples.Messages.Keys];

    [Fact]
    public void Every_message_has_a_sample() => Assert.Empty(
        typeof(JoinMessages).GetNestedTypes().Except(Samples.Messages.Values.Select(message => message.GetType())));

    [Theory, MemberData(nameof(Names))]
    public void A_message_is_written_as_the_line_has_it(string name) =>
        Assert.Equal(Samples.Golden[name], Hex(Samples.Messages[name]));

    [Theory, MemberData(nameof(Names))]
    public void A_line_is_read_as_the_message_that_it_was(string name)
    {
        var bytes = Convert.FromHexString(Samples.Golden[name]);

        var read = Assert.IsType<JoinReading.Read>(JoinWire.Read(bytes, JoinWire.MaxAnswer));

        Assert.Equal(bytes.Length, read.Length);
        Assert.IsType(Samples.Messages[name].GetType(), read.Message);
        Assert.Equal(Samples.Golden[name], Hex(read.Message));
    }

    [Theory, MemberData(nameof(Names))]
    public void A_cut_message_is_waited_for_and_a_shorter_frame_is_garbage(string name)
    {
        var bytes = Convert.FromHexString(Samples.Golden[name]);
        for (var length = 0; length < bytes.Length; length++)
            Assert.IsType<JoinReading.Unfinished>(JoinWire.Read(bytes.AsSpan(0, length), JoinWire.MaxAnswer));
        for (var length = 6; length < bytes.Length; length++)
        {
            var shorter = bytes[..length];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(shorter, (uint)length - 4);
            Assert.IsType<JoinReading.Garbage>(JoinWire.Read(shorter, JoinWire.MaxAnswer));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void A_message_with_something_behind_it_is_garbage(string name)
    {
        byte[] longer = [.. Convert.FromHexString(Samples.Golden[name]), 0];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(longer, (uint)longer.Length - 4);

        Assert.IsType<JoinReading.Garbage>(JoinWire.Read(longer, JoinWire.MaxAnswer));
    }

    [Theory, MemberData(nameof(Names))]
    public void Damaged_bytes_are_read_or_refused_and_never_throw(string name)
    {
        var bytes = Convert.FromHexString(Samples.Golden[name]);
        for (var seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var damaged = (byte[])bytes.Clone();
            for (var count = random.Next(1, 6); count > 0; count--)
                damaged[random.Next(seed % 2 == 0 ? 4 : 0, damaged.Length)] = (byte)random.Next(256);
            Assert.NotNull(JoinWire.Read(damaged, JoinWire.MaxAnswer));
        }
    }

    [Fact]
    public void What_is_too_long_is_refused_by_its_first_four_bytes()
    {
        Assert.IsType<JoinReading.Garbage>(JoinWire.Read("GET "u8, JoinWire.MaxAnswer));
        Assert.IsType<JoinReading.Garbage>(JoinWire.Read([0, 0, 0x10, 1], JoinWire.MaxQuestion));
        Assert.IsType<JoinReading.Unfinished>(JoinWire.Read([0, 0, 0x10, 0], JoinWire.MaxQuestion));
        Assert.IsType<JoinReading.Garbage>(JoinWire.Read([0, 0, 0, 1], JoinWire.MaxQuestion));
    }

    [Fact]
    public void Another_version_is_named_but_for_hello_and_refusals()
    {
        foreach (var (name, line) in Samples.Golden.Where(each => Samples.Messages.ContainsKey(each.Key)))
        {
            var bytes = Convert.FromHexString(line);
            bytes[5] = 9;
            var reading = JoinWire.Read(bytes, JoinWire.MaxAnswer);
            if (Samples.Messages[name] is JoinMessages.Hello or JoinMessages.Refused)
                Assert.IsType<JoinReading.Read>(reading);
            else
                Assert.Equal(new JoinReading.OtherVersion(9), reading);
        }
    }

    [Fact]
    public void A_reason_of_a_later_release_keeps_its_words()
    {
        var later = new JoinRefusal((JoinRefusalReason)999, "the moon is full", "wait")
        {
            Peer = (PeerRefusalReason)999,
        };
        var bytes = JoinWire.Write(new JoinMessages.Refused(later));

        var read = (JoinReading.Read)JoinWire.Read(bytes.Span, JoinWire.MaxAnswer);

        Assert.Equal(
            later with { Reason = JoinRefusalReason.Other, Peer = PeerRefusalReason.Other },
            ((JoinMessages.Refused)read.Message).Refusal);
    }

    [Fact]
    public void A_peers_words_cannot_steer_a_terminal_and_are_bounded()
    {
        var hostile = new JoinRefusal(
            JoinRefusalReason.Other, "\u001b[2J\u009b1m\r\nyes", new string('é', 100_000));
        var bytes = JoinWire.Write(new JoinMessages.Refused(hostile));

        var read = (JoinReading.Read)JoinWire.Read(bytes.Span, JoinWire.MaxAnswer);

        var refusal = ((JoinMessages.Refused)read.Message).Refusal;
        Assert.Equal("?[2J?1m??yes", refusal.Why);
        Assert.InRange(refusal.Next.Length, 500, 2048);
    }

    private static string Hex(JoinMessage message) => Convert.ToHexStringLower(JoinWire.Write(message).Span);
}
