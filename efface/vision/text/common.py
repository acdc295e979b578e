"""Words that many people share: given names, family names, places. Lower case a-z as ``fold`` writes them.

Not complete and need not be: one name alone is refused whether it stands here or not. The lists only tell when even a
full name, or a word as a handle, would find strangers.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GIVEN = _words(
    """
    aaron abdul abdullah abigail adam adrian adriana agnes agnieszka ahmad ahmed aisha akira alan albert alberto
    alejandra alejandro aleksandr aleksandra aleksei alessandra alessandro alessia alex alexa alexander alexandra
    alexandre alexis alfred ali alice alicia alina alisa alison allison amal amanda amber amelia amelie amina amir
    amy ana anastasia anastasiya andre andrea andreas andrei andrej andres andrew andrey andrzej angel angela
    angelica angelina anita anja anke ann anna annabelle anne annette annika anton antonia antonio anusha ariana
    arthur ashley astrid audrey aurora ava barbara beata beatrice beatriz bella ben benjamin bernard bernd bethany
    bianca birgit brandon brenda brian brigitte brittany bruno caitlin camila camilla camille carina carla carlos
    carmen carol carolin carolina caroline catalina catarina catherine cecilia celine chantal charles charlie
    charlotte chen chiara chloe chris christian christiane christina christine christoph christophe christopher
    cindy claire clara claudia claudio clemence colin connor cristina crystal cynthia daisy damian dan dana daniel
    daniela daniele danielle daria darya dave david deborah denis denise dennis derek diana diane diego dieter
    dimitri dina dmitri dmitriy dmitry dominik dominika donald donna doris dorothy dylan eduardo edward ekaterina
    elaine elena eleni elif elisa elisabeth elise elizabeth ella ellen elsa emanuel emil emilia emilie emily emma
    enrico eric erica erik erika erin esra esther ethan eugenia eva evan eve eveline evelyn fabian fabio fatima
    fatma federica federico felix fernanda fernando filip finn fiona florence florian frances francesca francesco
    francis francisco frank franziska fred frederic frederik gabriel gabriela gabriele gabriella gareth gary gemma
    george georgia gerald gerard giorgia giovanni giulia gloria grace greg gregory greta grzegorz guillaume gustavo
    hannah hans harry hassan hazel heather heidi heike helen helena helene helga henri henry hiroshi holly hugo
    hussein ian ibrahim ignacio igor ilona ina ines inga ingrid irene irina isaac isabel isabella isabelle ivan
    ivana jack jackie jacob jacqueline jade jake jakob jakub james jamie jan jana jane janet janina jasmin jasmine
    jason javier jean jeff jeffrey jennifer jenny jens jeremy jerome jessica jessie jill jim joan joana joanna joao
    joe joel johan johanna johannes john jonas jonathan jordan jorge jose josef joseph josephine joshua juan juana
    judith judy jukka julia julian juliana julie juliette justin justyna kai kaitlyn kamil kamila karen karim karin
    karina karl karolina kasia katarina katarzyna kate katherine kathleen kathrin kathryn katie katja katrin kavita
    kayla keith kelly ken kenji kenneth kerstin kevin khadija kim kimberly klaus konstantin krystyna krzysztof
    ksenia kseniya kylie lara larissa larry lars laura lauren laurent lea leah lena leo leon leona leonardo leonie
    leticia liam lidia lilian liliana lily lina linda lindsay lisa liu liz lola lorena lorenzo louis louisa louise
    luca lucas lucia luciana lucie lucy luis luisa luka lukas luke lydia lyudmila maciej madeleine madison magdalena
    maja malgorzata manuel manuela marc marcel marcela marcello marcin marco marcos marcus margaret margarita margot
    maria mariam mariana marie marija marina mario marion mark marko markus marta martha martin martina mary maryam
    mateo mateusz mathilde matt matteo matthew matthias maurice max maxim maximilian maya megan mehmet mei melanie
    melissa mercedes mia michael michal michel michele michelle miguel mika mike mikhail mila milan milena mina
    miranda miriam mohamed mohammad mohammed molly monica monika monique morgan moritz muhammad murat mustafa nadia
    nadine naomi natalia natalie nataliya natasha nathalie nathan neha neil nelly niamh nicholas nick nicola nicolas
    nicole niklas nikola nikolai nikolay nina noah noemi nora nour oleg olga oliver olivia olivier omar oscar otto
    pablo paola paolo pascal patricia patrick paul paula paulina pauline paulo pavel pedro penelope peter petra phil
    philip philipp philippe pia pierre piotr polina priya rachel rafael raj ralf ralph ramona raquel raul ray
    raymond rebecca regina renata rene ricardo riccardo richard rita robert roberta roberto robin roger roland roman
    ronald rosa rosalie rose ruben ruth ryan sabine sabrina sakura sally sam samantha samir samuel sandra sanja
    santiago sara sarah sascha scott sean sebastian selena serena sergei sergey sergio shannon sharon sheila silke
    silvia simon simona simone sofia sofie sonia sonja sophia sophie stacy stefan stefanie stella stephan stephanie
    stephen steve steven sue sunita susan susanna susanne suzanne svetlana sylvia sylvie tamara tania tanja tara
    tatiana tatyana ted teresa thea theo theresa therese thomas tim timothy tina tobias tom tomas tomasz tony tracy
    ulrike umar ursula uwe valentin valentina valeria valerie valeriya vanessa vera verena veronica veronika viktor
    viktoria viktoriya vincent viola virginia vladimir walter wang wei wendy werner wilhelm will william xavier yana
    yasmin yasmine yuki yulia yuliya yuri yusuf yvonne zahra zara zeynep zoe zofia zuzana
    """
)

FAMILY = _words(
    """
    abdullah adams ahmed alexander ali allen alvarez andersen anderson andersson bailey baker barnes bauer becker
    bell bennett berg bernard bianchi brooks brown bruno butler campbell carlsson carter castillo castro chan chang
    chavez chen cheng choi clark collins cook cooper costa cox cruz da das davies davis delgado dias diaz dimitrov
    dominguez dubois dupont durand edwards eriksson esposito evans fernandes fernandez ferrari ferreira fischer
    fisher flores foster fournier fox franco garcia gomes gomez gonzalez gray greco green griffin gruber gupta
    gutierrez haas hall hamilton hansen harris hassan hernandez hill hoang hoffmann horvat howard huang huber hughes
    hussain hussein ibrahim ito ivanov ivanova jackson james jansen janssen jensen jimenez johansson johnson jones
    jung kaiser kaya kelly khan kim king klein kobayashi koch kovac kovacs kowalska kowalski kozlov kraus krause
    kumar kuznetsov kuznetsova lang larsen larsson laurent le lee lehmann leroy lewis li lim lin liu lombardi long
    lopes lopez lozano lu ma maier marino marshall martin martinez martins mason mayer mcdonald meier mendes mendez
    mendoza meyer michel miller mitchell mohamed mohammed molina moore morales moreau moreno moretti morgan morris
    mueller muller munoz murphy murray myers nagy nakamura navarro neumann ng nguyen nielsen nilsson novak nowak
    nunez oliveira olsen olsson ortega ortiz owen papadopoulos park parker patel pedersen pereira perez peters
    petersen peterson petit petrov petrova pham phillips pinto popa popescu popov popova powell price ramirez ramos
    reed reid reyes ricci richard richards richardson richter rivera robert roberts robertson robinson rodrigues
    rodriguez rogers romano romero rosa ross rossi roux ruiz russell russo sanchez sanders santos sato schmid
    schmidt schneider schroder schroeder schultz schulz schulze schwarz scott sharma shaw shevchenko silva simon
    singh smirnov smirnova smith sokolov soto sousa stevens stewart suarez sullivan suzuki svensson takahashi tanaka
    taylor thomas thompson torres tran turner van vargas vasquez vazquez vega volkov volkova wagner walker wallace
    wang ward watanabe watson weber weiss werner white wilson wolf wong wood woods wright wu xu yamamoto yang yilmaz
    young zhang zhao zhou zimmermann
    """
)

PLACES = _words(
    """
    aachen abidjan accra adelaide afghanistan africa albania algeria algiers amsterdam andorra angola ankara antwerp
    argentina armenia asia athens atlanta auckland australia austria azerbaijan baghdad baku bali bamako bangalore
    bangkok bangladesh barcelona bari basel bavaria beijing beirut belarus belfast belgium belgrade bengaluru benin
    berlin bern bilbao birmingham bogota bolivia bologna bombay bonn bordeaux bosnia boston brasil brasilia
    bratislava brazil bremen brighton brisbane bristol britain brussels bucharest budapest buenosaires bulgaria
    cairo california cambodia cambridge cameroon canada canberra caracas cardiff casablanca chad chennai chicago
    chile china cologne colombia copenhagen corsica croatia cuba cyprus czechia dakar dallas damascus delhi denmark
    denver detroit dhaka dortmund dresden dubai dublin duisburg dusseldorf ecuador edinburgh egypt england eritrea
    essen estonia ethiopia europe finland florence florida france frankfurt freiburg gdansk geneva genoa georgia
    germany ghana glasgow gothenburg granada graz greece guadalajara guatemala haiti hamburg hannover hanoi havana
    hawaii helsinki honduras hongkong houston hungary iceland india indonesia innsbruck iran iraq ireland islamabad
    israel istanbul italy izmir jakarta jamaica japan jerusalem johannesburg jordan karachi kazakhstan kenya kiev
    kolkata koln korea kosovo krakow kuwait kyiv kyoto lagos lahore laos latvia lebanon leeds leipzig liberia libya
    lima lisboa lisbon lithuania liverpool ljubljana lodz london losangeles luxembourg lviv lyon macedonia madrid
    malaga malaysia mali malta manchester manila mannheim marrakech marseille melbourne mexico mexicocity miami
    milan milano minsk mogadishu moldova monaco mongolia montenegro montevideo montreal morocco moscow mozambique
    muenchen mumbai munchen munich myanmar nairobi namibia nantes naples nepal netherlands newcastle newdelhi
    newyork newyorkcity newzealand nice nicosia nigeria norway nottingham nuremberg odessa oman osaka oslo ottawa
    oxford pakistan palermo palestine panama paraguay paris perth peru philadelphia philippines phoenix poland porto
    portugal poznan prag prague qatar quebec quito rabat reykjavik riga rio riodejaneiro riyadh roma romania rome
    rotterdam russia rwanda salzburg sandiego sanfrancisco santiago saopaulo sarajevo saudiarabia scotland seattle
    senegal seoul serbia seville shanghai sheffield shenzhen sicily singapore skopje slovakia slovenia sofia somalia
    southafrica spain srilanka stockholm stpetersburg strasbourg stuttgart sudan sweden switzerland sydney syria
    taipei taiwan tallinn tanzania tbilisi tehran telaviv texas thailand thehague tirana tokyo toronto toulouse
    tripoli tunis tunisia turin turkey uganda ukraine unitedkingdom unitedstates uruguay usa utrecht uzbekistan
    valencia vancouver venezuela venice vienna vietnam vilnius wales warsaw washington wien wroclaw yemen yerevan
    zagreb zambia zimbabwe zurich
    """
)

WORDS = _words(
    """
    about account admin amateur anal angel anon anonymous babe baby bitch blonde body boobs boss boyfriend brunette
    butterfly camgirl cat chat chick college contact couple cute daddy dark dirty dream dude erotic escort exgf
    exgirlfriend facebook fans female flower follow forum free friend fuck gallery game gamer ghost girl girlfriend
    girls guest hello home honey horny hot info insta instagram kitten kitty lady lesbian link love lover mail male
    mature member message milf model mommy mother music naked naughty news nude nudes official onlyfans page panties
    passion photo photos picture pictures porn porno post princess private profile pussy queen real reddit redhead
    school secret selfie sexy shop slut snap snapchat star student sunshine super support sweet sweetie teen
    telegram test tiktok toxic tumblr twitter unknown user username video videos vimeo virgin webcam whatsapp whore
    wife wild wolf xxx young youtube
    """
)

ROLES = _words(
    """
    abuse account accounts admin billing career careers contact enquiries enquiry feedback hello help hr info jobs
    kontakt legal mail marketing news newsletter no-reply noreply office orders post postmaster press privacy sales
    security service shop sos staff support team webmaster
    """
)
"""Local parts of addresses that belong to an office, not to a person."""
